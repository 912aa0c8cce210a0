// Package lists looks things up in long lists of hashes, domains and addresses that are kept in files, and in entries that a postmaster added.
package lists
