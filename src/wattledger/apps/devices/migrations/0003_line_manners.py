from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("devices", "0002_serial_lines"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="bus",
            name="bus_fields_fit_kind",
        ),
        migrations.AddField(
            model_name="bus",
            name="echo",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="bus",
            name="in_flight",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("host", ""), _negated=True),
                        ("baudrate__isnull", True),
                        ("device_file", ""),
                        ("echo", False),
                        ("kind", "modbus-tcp"),
                        ("parity", ""),
                        ("port__isnull", False),
                        ("stop_bits__isnull", True),
                    ),
                    models.Q(
                        ("baudrate__isnull", False),
                        ("device_file__startswith", "/dev/"),
                        ("host", ""),
                        ("in_flight", 1),
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
            constraint=models.CheckConstraint(condition=models.Q(("in_flight__range", (1, 16))), name="bus_in_flight"),
        ),
    ]
