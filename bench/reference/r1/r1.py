#!/usr/bin/env python3
"""R1: what a plugin for a web framework would do: the official Python client, then get and save per object.

    r1.py --kubeconfig FILE --kinds FILE --db FILE

The kinds file is a JSON list of {group, version, plural}. Prints how many objects it saved. At its best: one table, on the
same database as Hedgerow, so what it has saved outlives a power loss as well: SQLite with a write-ahead log, written
through at each commit.
"""

import argparse
import json

import django
from django.conf import settings


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--kinds", required=True)
    parser.add_argument("--db", required=True)
    return parser.parse_args()


def set_up(database):
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": database,
                "OPTIONS": {"init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"},
            }
        },
        INSTALLED_APPS=[],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def table():
    from django.db import connection, models

    class Mirrored(models.Model):
        plural = models.CharField(max_length=100)
        group = models.CharField(max_length=100)
        namespace = models.CharField(max_length=253)
        name = models.CharField(max_length=253)
        uid = models.CharField(max_length=64)
        resource_version = models.CharField(max_length=64)
        labels = models.JSONField(default=dict)
        spec = models.JSONField(default=dict)
        status = models.JSONField(default=dict)
        last_synced = models.DateTimeField(auto_now=True)

        class Meta:
            app_label = "r1"
            db_table = "objects"
            constraints = [
                models.UniqueConstraint(fields=["group", "plural", "namespace", "name"], name="one_of_each")
            ]

    if "objects" not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(Mirrored)
    return Mirrored


def save(model, kind, item):
    metadata = item["metadata"]
    identity = {
        "group": kind["group"],
        "plural": kind["plural"],
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
    }
    try:
        row = model.objects.get(**identity)
    except model.DoesNotExist:
        row = model(**identity)
    row.uid = metadata["uid"]
    row.resource_version = metadata["resourceVersion"]
    row.labels = metadata.get("labels", {})
    row.spec = item.get("spec", {})
    row.status = item.get("status", {})
    row.save()


def main():
    wish = arguments()
    set_up(wish.db)
    model = table()
    from kubernetes import client, config

    config.load_kube_config(wish.kubeconfig)
    api = client.CustomObjectsApi()
    saved = 0
    with open(wish.kinds, encoding="utf-8") as file:
        kinds = json.load(file)
    for kind in kinds:
        listed = api.list_cluster_custom_object(kind["group"], kind["version"], kind["plural"])
        for item in listed["items"]:
            save(model, kind, item)
            saved += 1
    print(json.dumps({"objects": saved}))


if __name__ == "__main__":
    main()
