// Package store opens the database (SQLite, embedded) and owns the schema and the state folder's files.
package store
