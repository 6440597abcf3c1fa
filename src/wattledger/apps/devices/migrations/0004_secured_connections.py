import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("devices", "0003_line_manners"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClientCertificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("certificate", models.TextField()),
                ("sealed_key", models.TextField()),
                ("subject", models.TextField()),
                ("issuer", models.TextField()),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                ("fingerprint", models.CharField(max_length=95)),
                ("needs_legacy", models.BooleanField()),
                ("added", models.DateTimeField(auto_now_add=True)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="bus",
            name="bus_security_known",
        ),
        migrations.AddField(
            model_name="bus",
            name="accept_self_signed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="bus",
            name="authorities",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="bus",
            name="check_dates",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="bus",
            name="legacy",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="bus",
            name="server_certificate",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="bus",
            name="tls_version",
            field=models.CharField(
                blank=True,
                choices=[("any", "any"), ("1.1", "1.1"), ("1.2", "1.2"), ("1.3", "1.3")],
                db_default="",
                default="",
                max_length=3,
            ),
        ),
        migrations.AlterField(
            model_name="bus",
            name="security",
            field=models.CharField(
                choices=[("clear", "Clear"), ("encrypted", "Encrypted"), ("authenticated", "Authenticated")],
                default="clear",
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="clientcertificate",
            constraint=models.CheckConstraint(
                condition=models.Q(("sealed_key__startswith", "v1.")), name="certificate_key_sealed"
            ),
        ),
        migrations.AddConstraint(
            model_name="clientcertificate",
            constraint=models.CheckConstraint(
                condition=models.Q(("certificate__contains", "PRIVATE KEY"), _negated=True),
                name="certificate_is_public",
            ),
        ),
        migrations.AddField(
            model_name="bus",
            name="certificate",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="buses",
                to="devices.clientcertificate",
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(("security__in", ["clear", "encrypted", "authenticated"])), name="bus_security_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("accept_self_signed", False),
                        ("authorities", ""),
                        ("certificate__isnull", True),
                        ("check_dates", True),
                        ("legacy", False),
                        ("security", "clear"),
                        ("server_certificate", ""),
                        ("tls_version", ""),
                    ),
                    models.Q(
                        ("certificate__isnull", True),
                        ("security", "encrypted"),
                        ("tls_version__in", ["any", "1.1", "1.2", "1.3"]),
                    ),
                    models.Q(
                        ("certificate__isnull", False),
                        ("security", "authenticated"),
                        ("tls_version__in", ["any", "1.1", "1.2", "1.3"]),
                    ),
                    _connector="OR",
                ),
                name="bus_fields_fit_security",
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("tls_version", "1.1"), _negated=True), ("legacy", True), _connector="OR"),
                name="bus_tls_1_1_is_legacy",
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("server_certificate", ""),
                    models.Q(("accept_self_signed", False), ("authorities", "")),
                    _connector="OR",
                ),
                name="bus_one_way_to_know_server",
            ),
        ),
    ]
