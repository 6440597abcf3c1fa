"""The addresses of the pages of accounts."""

from __future__ import annotations

from django.urls import path

from wattledger.apps.accounts import me_views, user_views, views

urlpatterns = [
    path("login/", views.login, name="login"),
    path("login/reset/", views.reset_password, name="reset-password"),
    path("logout/", views.logout, name="logout"),
    path("first/licence/", views.first_licence, name="first-licence"),
    path("first/password/", views.first_password, name="first-password"),
    path("language/", me_views.choose_language, name="choose-language"),
    path("me/", me_views.me, name="me"),
    path("me/password/", me_views.my_password, name="my-password"),
    path("me/theme/", me_views.my_theme, name="my-theme"),
    path("me/sessions/<int:session_id>/end/", me_views.end_session, name="end-session"),
    path("preferences/users/", user_views.users, name="users"),
    path("preferences/users/new/", user_views.new_user, name="new-user"),
    path("preferences/users/<int:user_id>/", user_views.user, name="user"),
    path("preferences/users/<int:user_id>/enabled/", user_views.user_enabled, name="user-enabled"),
    path("preferences/users/<int:user_id>/delete/", user_views.user_delete, name="user-delete"),
]
