-- +goose Up

-- The schema of memory.db begins with the next file.
SELECT 1;
