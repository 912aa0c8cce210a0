// Package hosts joins what the gateway saw of our machines and accounts with what EmoCheck said on them.
package hosts
