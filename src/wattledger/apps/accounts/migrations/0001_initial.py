import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("identifier", models.CharField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=100)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("phone", models.CharField(blank=True, max_length=30)),
                ("notification", models.BooleanField(default=False)),
                ("enabled", models.BooleanField(default=True)),
                (
                    "profile",
                    models.CharField(
                        choices=[
                            ("viewer", "Viewer"),
                            ("configurator", "Configurator"),
                            ("administrator", "Administrator"),
                        ],
                        max_length=16,
                    ),
                ),
                ("built_in", models.BooleanField(default=False)),
                ("must_change_password", models.BooleanField(default=False)),
                ("language", models.CharField(blank=True, max_length=8)),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.GreaterThanOrEqual(
                                django.db.models.functions.text.Length("identifier"), 3
                            ),
                            django.db.models.lookups.LessThanOrEqual(
                                django.db.models.functions.text.Length("identifier"), 20
                            ),
                        ),
                        name="user_identifier_3_to_20",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("identifier__contains", " "), _negated=True),
                        name="user_identifier_no_space",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("profile__in", ["viewer", "configurator", "administrator"])),
                        name="user_profile_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("built_in", True), ("identifier", "admin"), _negated=True),
                            models.Q(("enabled", True), ("profile", "administrator")),
                            _connector="OR",
                        ),
                        name="user_super_admin_enabled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("prefix", models.CharField(max_length=12)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("last_used", models.DateTimeField(null=True)),
                ("expires", models.DateTimeField(null=True)),
                ("revoked", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tokens", to="accounts.user"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(django.db.models.functions.text.Length("digest"), 64),
                        name="token_digest_64",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200)),
                ("request", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("body", models.BinaryField()),
                ("content_type", models.CharField(blank=True, max_length=100)),
                ("location", models.CharField(blank=True, max_length=200)),
                ("created", models.DateTimeField(auto_now_add=True, db_index=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.user"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "key"), name="kept_answer_key_unique")],
            },
        ),
    ]
