-- Lists of what is gone, or of all, in any order: so these have every object. Whether it is there stands in them as
-- well, so that skipping those that are not costs no look at the object itself.
DROP INDEX objects_by_name;
DROP INDEX objects_by_namespace;
DROP INDEX objects_by_change;
DROP INDEX objects_by_kind;
CREATE INDEX objects_by_name ON objects (fabric_id, name, removed, out_of_scope);
CREATE INDEX objects_by_namespace ON objects (fabric_id, namespace, removed, out_of_scope);
CREATE INDEX objects_by_change ON objects (fabric_id, changed, removed, out_of_scope);
CREATE INDEX objects_by_kind ON objects (fabric_id, kind_id, removed, out_of_scope);
