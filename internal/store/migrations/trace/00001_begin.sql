-- +goose Up

-- The schema of trace.db begins with the next file.
SELECT 1;
