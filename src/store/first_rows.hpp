// The rows that every database has: its instance, and the words of the catalogue of message codes.
// Written when a database is opened to serve; those that are there stay.
#pragma once

#include "store/sql.hpp"

namespace hedgerow::store {

// Throws Failure{StorageError} when the database holds codes that this version does not know.
void write_first_rows(sql::Scope& sql);

}  // namespace hedgerow::store
