// Package store opens the state folder: its databases (SQLite, embedded) with their schemas, the key of release marks, and the helpers
// by which files in the folder become durable and keep their owner.
//
// The daemon and the command line use one folder at the same time. Every connection waits for a lock (busy_timeout) before it gives up,
// journals ahead (WAL) so that readers never wait, and checks foreign keys. Whoever opens the folder, root included, every file it
// makes there belongs to the folder's owner, so that the daemon can go on using it.
//
// # Limits
//
// SQLite needs a local file system: WAL does not work over NFS. The folder and its quarantine lie on one file system, because a held
// message is moved, never copied. A database written by a newer version is refused, not guessed at.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/pressly/goose/v3"
	"golang.org/x/sys/unix"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// ErrNewer means that the database was written by a newer version of this program.
var ErrNewer = errors.New("store: the database belongs to a newer version")

// DatabaseName is the database's name in the state folder.
const DatabaseName = "sekisho.db"

// busyTimeout is how long a statement waits for another process's lock, in milliseconds. It stays below the patience of an MTA waiting
// for a milter's reply at end of message (Postfix: 300 s) and above any transaction of ours (milliseconds).
const busyTimeout = 5000

// maxConns bounds the connections of one pool: SQLite has one writer at a time, more connections only wait in line.
const maxConns = 4

//go:embed migrations
var migrations embed.FS

// The databases beside the main one. What is in them is a loss of knowledge when it is lost, never one of mail, so they are files of their own: none of them
// keeps the quarantine waiting, and a damaged one does not keep the daemon from its work.
const (
	Memory = "memory" // conversations, correspondents, outbound behaviour, hosts
	Trace  = "trace"  // a record of every message
)

// Store is an open state folder, safe for concurrent use.
type Store struct {
	// DB syncs each commit to disk (synchronous=FULL): for what exists nowhere else, as acts and release marks.
	DB *sql.DB
	// Index syncs at checkpoints only (synchronous=NORMAL): for what can be rebuilt from the held files. A process that is killed loses
	// nothing; a power failure may lose the last rows, and the quarantine's reconciliation brings them back.
	Index *sql.DB

	dir      string
	uid, gid int // the folder's owner

	mu      sync.Mutex
	more    map[string]*sql.DB
	writers map[string]*sql.DB
}

// Open opens the state folder, makes what is missing and brings the schema up to date.
func Open(ctx context.Context, dir string) (*Store, error) {
	s, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("store: open %q: %w", dir, err)
	}
	if err := s.openDatabase(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open %q: %w", dir, err), s.Close())
	}
	return s, nil
}

func openFolder(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	fi, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, errors.New("the folder has no owner to be read")
	}
	return &Store{dir: dir, uid: int(st.Uid), gid: int(st.Gid)}, nil
}

// openDatabase makes the file first, with the right owner: SQLite gives its -wal and -shm files the owner of the database.
func (s *Store) openDatabase(ctx context.Context) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.makeDatabase(DatabaseName); err != nil {
		return err
	}
	if s.DB, err = s.pool(DatabaseName, "FULL"); err != nil {
		return err
	}
	if s.Index, err = s.pool(DatabaseName, "NORMAL"); err != nil {
		return err
	}
	return migrate(ctx, s.DB, "migrations")
}

func (s *Store) makeDatabase(file string) error {
	f, err := s.Create(file, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// Database opens Memory or Trace, makes it the first time, and brings its schema up to date. It syncs at checkpoints only, as Index. The Store
// closes it.
func (s *Store) Database(ctx context.Context, name string) (*sql.DB, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if db := s.more[name]; db != nil {
		return db, nil
	}
	unlock, err := s.lock()
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", name, err)
	}
	defer unlock()
	if err := s.makeDatabase(name + ".db"); err != nil {
		return nil, fmt.Errorf("store: %s: %w", name, err)
	}
	db, err := s.pool(name+".db", "NORMAL")
	if err == nil {
		err = migrate(ctx, db, "migrations/"+name)
	}
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", name, errors.Join(err, closeIf(db)))
	}
	if s.more == nil {
		s.more = map[string]*sql.DB{}
	}
	s.more[name] = db
	return db, nil
}

// What the one connection of a Writer has beside the others. Another connection's commit empties the page cache of those that read, but not of the one that
// commits: there a cache is worth its memory.
const (
	writerCache = 16 << 10 // KiB: the inner pages of ten million rows
	writerLog   = 8 << 10  // pages: 32 MiB of log, written in a tenth of a second, before a commit checkpoints it itself
)

// Writer is a database that Database opens, through one connection of its own: for who writes all the time. It waits behind no reader. A commit leaves the log
// as it is up to writerLog: the caller checkpoints it earlier, where nobody waits for it. The Store closes it.
func (s *Store) Writer(ctx context.Context, name string) (*sql.DB, error) {
	if _, err := s.Database(ctx, name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if db := s.writers[name]; db != nil {
		return db, nil
	}
	db, err := s.pool(name+".db", "NORMAL", fmt.Sprintf("cache_size(-%d)", writerCache), fmt.Sprintf("wal_autocheckpoint(%d)", writerLog))
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", name, err)
	}
	db.SetMaxOpenConns(1)
	if s.writers == nil {
		s.writers = map[string]*sql.DB{}
	}
	s.writers[name] = db
	return db, nil
}

func closeIf(db *sql.DB) error {
	if db == nil {
		return nil
	}
	return db.Close()
}

// lock keeps two processes from making the schema at once. It locks the folder itself, so there is no lock file to own or to leave behind.
func (s *Store) lock() (func(), error) {
	d, err := os.Open(s.dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(d.Fd()), unix.LOCK_EX); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return func() { d.Close() }, nil // closing drops the lock
}

func (s *Store) pool(file, synchronous string, more ...string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: filepath.Join(s.dir, file)}
	q := url.Values{"_txlock": {"immediate"}} // a transaction takes the write lock at once: no deadlock when it upgrades
	for _, p := range append([]string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout), "journal_mode(WAL)", "foreign_keys(1)", "synchronous(" + synchronous + ")",
	}, more...) {
		q.Add("_pragma", p)
	}
	u.RawQuery = q.Encode()
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB, folder string) error {
	dir, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	current, target, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("the database cannot be read: %w", err)
	case current > target:
		return fmt.Errorf("%w: schema %d, known up to %d", ErrNewer, current, target)
	case current == target:
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("the schema cannot be made: %w", err)
	}
	return nil
}

// Dir is the state folder's absolute path.
func (s *Store) Dir() string { return s.dir }

// Path is the absolute path of a name in the state folder.
func (s *Store) Path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// Close closes the database.
func (s *Store) Close() error {
	var errs []error
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, db := range slices.Concat(slices.Collect(maps.Values(s.writers)), slices.Collect(maps.Values(s.more)), []*sql.DB{s.DB, s.Index}) {
		errs = append(errs, closeIf(db))
	}
	return errors.Join(errs...)
}
