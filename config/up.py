"""`manage.py up`: the database, the migrations, the first user and the web server."""
