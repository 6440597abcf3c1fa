from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("devices", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="bus",
            name="bus_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="bus",
            name="bus_address_unique",
        ),
        migrations.AddField(
            model_name="bus",
            name="baudrate",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="bus",
            name="device_file",
            field=models.CharField(blank=True, db_default="", default="", max_length=255),
        ),
        migrations.AddField(
            model_name="bus",
            name="parity",
            field=models.CharField(
                blank=True,
                choices=[("none", "none"), ("even", "even"), ("odd", "odd")],
                db_default="",
                default="",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="bus",
            name="stop_bits",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="bus",
            name="host",
            field=models.CharField(blank=True, max_length=253),
        ),
        migrations.AlterField(
            model_name="bus",
            name="kind",
            field=models.CharField(
                choices=[("modbus-tcp", "Modbus Tcp"), ("modbus-rtu", "Modbus Rtu")],
                default="modbus-tcp",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="bus",
            name="port",
            field=models.PositiveIntegerField(default=502, null=True),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["modbus-tcp", "modbus-rtu"])), name="bus_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("host", ""), _negated=True),
                        ("baudrate__isnull", True),
                        ("device_file", ""),
                        ("kind", "modbus-tcp"),
                        ("parity", ""),
                        ("port__isnull", False),
                        ("stop_bits__isnull", True),
                    ),
                    models.Q(
                        ("baudrate__isnull", False),
                        ("device_file__startswith", "/dev/"),
                        ("host", ""),
                        ("kind", "modbus-rtu"),
                        ("parity__in", ["none", "even", "odd"]),
                        ("port__isnull", True),
                        ("security", "clear"),
                    ),
                    _connector="OR",
                ),
                name="bus_fields_fit_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(("baudrate__in", (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200))),
                name="bus_baudrate",
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(condition=models.Q(("stop_bits__in", (1, 2))), name="bus_stop_bits"),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "modbus-tcp")), fields=("host", "port"), name="bus_address_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "modbus-rtu")), fields=("device_file",), name="bus_device_file_unique"
            ),
        ),
    ]
