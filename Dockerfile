# One image for web, worker and scheduler; docker-compose.yml says which one a container is.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 STATE_DIR=/state
WORKDIR /app
RUN useradd --create-home portal && mkdir /state && chown portal /state

COPY requirements/production.txt requirements/
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/production.txt

COPY . .
USER portal
# Static files are collected into the image. The addresses are not used, but settings want them.
RUN SECRET_KEY=only-while-the-image-is-built-and-never-when-it-runs \
    DATABASE_URL=postgres://unused@unused/unused REDIS_URL=redis://unused \
    python manage.py collectstatic --no-input --verbosity 0

EXPOSE 8000
CMD ["gunicorn", "tem_portal.wsgi:application", "--bind=0.0.0.0:8000", "--worker-class=gthread", \
     "--workers=2", "--threads=8", "--no-control-socket"]
