import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("devices", "0006_shared_units"),
    ]

    operations = [
        migrations.CreateModel(
            name="ForgottenSeries",
            fields=[
                ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(unique=True)),
                ("name", models.CharField(max_length=300)),
                ("forgotten", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="SeriesOrigin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("server", models.UUIDField()),
                ("epoch", models.CharField(max_length=200)),
                ("uuid", models.UUIDField()),
                ("device", models.CharField(max_length=200)),
                ("channel", models.PositiveSmallIntegerField()),
                ("point", models.CharField(max_length=200)),
                ("first", models.DateTimeField()),
                ("last", models.DateTimeField()),
                ("imported", models.DateTimeField(auto_now=True)),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="origins", to="devices.series"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("series", "server", "uuid"), name="series_origin_once"),
                    models.CheckConstraint(
                        condition=models.Q(("last__gte", models.F("first"))), name="series_origin_ends_after_start"
                    ),
                ],
            },
        ),
    ]
