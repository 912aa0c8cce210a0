package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("STORE_TEST_OPEN"); dir != "" {
		s, err := Open(context.Background(), dir)
		if err == nil {
			err = errors.Join(s.Mkdir("made"), s.WriteFile("made/file", []byte("x"), 0o600))
		}
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(3)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func pragma(t *testing.T, db *sql.DB, name string) (v string) {
	t.Helper()
	if err := db.QueryRow("PRAGMA " + name).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOpenSetsEveryPragmaOnBothPools(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a dir?with#odd%20 letters"))
	for name, want := range map[string]string{"journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "5000"} {
		for _, db := range []*sql.DB{s.DB, s.Index} {
			if got := pragma(t, db, name); got != want {
				t.Errorf("%s = %s, want %s", name, got, want)
			}
		}
	}
	if full, normal := pragma(t, s.DB, "synchronous"), pragma(t, s.Index, "synchronous"); full != "2" || normal != "1" {
		t.Errorf("synchronous = %s and %s, want 2 (FULL) and 1 (NORMAL)", full, normal)
	}
	if _, err := os.Stat(s.Path(DatabaseName)); err != nil {
		t.Error("the database is not where it belongs:", err)
	}
}

func TestWriterIsOneConnectionThatChecksTheLogLater(t *testing.T) {
	s := open(t, t.TempDir())
	w, err := s.Writer(t.Context(), Memory)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "5000", "synchronous": "1",
		"cache_size": fmt.Sprint(-writerCache), "wal_autocheckpoint": fmt.Sprint(writerLog),
	} {
		if got := pragma(t, w, name); got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
	if n := w.Stats().MaxOpenConnections; n != 1 {
		t.Errorf("%d connections", n)
	}
	if again, err := s.Writer(t.Context(), Memory); again != w || err != nil {
		t.Errorf("another one: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Ping(); err == nil {
		t.Error("open after the store is closed")
	}
}

func TestOpenAtTheSameTimeMakesOneSchema(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := Open(context.Background(), dir)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestOpenRefuses(t *testing.T) {
	newer := func(t *testing.T, dir string) {
		s := open(t, dir)
		if _, err := s.DB.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
			t.Fatal(err)
		}
	}
	garbage := func(n int) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, DatabaseName), []byte(strings.Repeat("garbage ", n)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := map[string]struct {
		prepare func(*testing.T, string)
		is      error
	}{
		"a database of a newer version":    {newer, ErrNewer},
		"a database that is garbage":       {garbage(4096), nil},
		"a database that is short garbage": {garbage(1), nil},
		"a folder in the database's place": {func(t *testing.T, dir string) { os.Mkdir(filepath.Join(dir, DatabaseName), 0o700) }, nil},
		"a cut database": {func(t *testing.T, dir string) {
			s := open(t, dir)
			if _, err := s.DB.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(s.Path(DatabaseName), 5000); err != nil {
				t.Fatal(err)
			}
		}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tt.prepare(t, dir)
			s, err := Open(t.Context(), dir)
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %v is not %v", err, tt.is)
			}
		})
	}
}

// nobody is a user that owns nothing of ours.
const nobody = 65534

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: only root can make files for another user")
	}
}

func owner(t *testing.T, path string) int {
	t.Helper()
	fi, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(fi.Sys().(*syscall.Stat_t).Uid)
}

func TestFilesMadeByRootBelongToTheFoldersOwner(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if _, err := s.Secret(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Mkdir("sub"), s.WriteFile("sub/file", []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB.Exec(`INSERT INTO notice_ids VALUES ('a', 1)`); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if uid := owner(t, path); uid != nobody {
			t.Errorf("%s belongs to %d", path, uid)
		}
		seen++
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := 7; seen != want { // the folder, db, -wal, -shm, secret, sub, file
		t.Errorf("%d files, want %d", seen, want)
	}
}

// asNobody opens dir in a child process of another user.
func asNobody(t *testing.T, dir string) error {
	t.Helper()
	exe, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	bin, err := os.MkdirTemp("", "store-test-bin") // t.TempDir has parents that others may not enter
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(bin)
	path := filepath.Join(bin, "child")
	if err := errors.Join(os.Chmod(bin, 0o755), os.WriteFile(path, exe, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	cmd.Env = []string{"STORE_TEST_OPEN=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	t.Logf("child: %s", out)
	return err
}

func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "store-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAfterRootTheOwnerGoesOn(t *testing.T) {
	needRoot(t)
	dir := publicDir(t)
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if _, err := s.DB.Exec(`INSERT INTO notice_ids VALUES ('a', 1)`); err != nil {
		t.Fatal(err)
	}
	if err := asNobody(t, dir); err != nil {
		t.Error("the owner cannot use what root opened:", err)
	}
}

func TestUnwritableFolderIsAnError(t *testing.T) {
	needRoot(t)
	dir := publicDir(t)
	var exit *exec.ExitError
	if err := asNobody(t, dir); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("got %v, want the child's error exit 3", err)
	}
}

func TestCreateDoesNotFollowALink(t *testing.T) {
	s := open(t, t.TempDir())
	target := filepath.Join(t.TempDir(), "target")
	for _, name := range []string{"dangling", "folder"} {
		if err := os.Symlink(target, s.Path(name)); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := s.Create("dangling", 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create through a link: %v, %v", f, err)
	}
	if err := os.Mkdir(target, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Mkdir("folder"); err == nil {
		t.Error("Mkdir took a link for a folder")
	}
}

func TestOpenRegularRefusesWhatIsNotAFile(t *testing.T) {
	dir := t.TempDir()
	fifo, link, file := filepath.Join(dir, "fifo"), filepath.Join(dir, "link"), filepath.Join(dir, "file")
	err := errors.Join(syscall.Mkfifo(fifo, 0o600), os.WriteFile(file, nil, 0o600), os.Symlink(file, link))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, link, dir} {
		if f, err := OpenRegular(path); err == nil {
			f.Close()
			t.Errorf("opened %s", path)
		}
	}
	f, err := OpenRegular(file)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

func TestWriteFileReplacesWholeAndLeavesNothingBehind(t *testing.T) {
	s := open(t, t.TempDir())
	for _, want := range []string{"first, the longer one", "second"} {
		if err := s.WriteFile("f", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(s.Path("f")); string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if tmp, _ := filepath.Glob(s.Path("*.tmp")); len(tmp) > 0 {
		t.Error("left behind:", tmp)
	}
}

func TestSecretIsMadeOnceForAll(t *testing.T) {
	dir := t.TempDir()
	keys := make([]string, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			s, err := openFolder(dir)
			if err != nil {
				t.Error(err)
				return
			}
			k, err := s.Secret()
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(k)
		})
	}
	wg.Wait()
	for _, k := range keys {
		if len(k) != secretSize || k != keys[0] || k == strings.Repeat("\x00", secretSize) {
			t.Fatalf("key %x beside %x", k, keys[0])
		}
	}
	fi, err := os.Stat(filepath.Join(dir, SecretName))
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if tmp, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(tmp) > 0 {
		t.Error("left behind:", tmp)
	}
}

func TestSecretRefuses(t *testing.T) {
	tests := map[string]struct {
		data string
		perm fs.FileMode
	}{
		"a short key":             {"short", 0o600},
		"a long key":              {strings.Repeat("k", secretSize+1), 0o600},
		"a key that others read":  {strings.Repeat("k", secretSize), 0o604},
		"a key that a group read": {strings.Repeat("k", secretSize), 0o640},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			if err := os.WriteFile(s.Path(SecretName), []byte(tt.data), tt.perm); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Secret(); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestUsageFollowsItems(t *testing.T) {
	s := open(t, t.TempDir())
	exec := func(q string) {
		t.Helper()
		if _, err := s.DB.Exec(q); err != nil {
			t.Fatal(q, err)
		}
	}
	want := func(source string, bytes, messages int) {
		t.Helper()
		var b, m int
		kind := "source"
		if source == "" {
			kind = "total"
		}
		if err := s.DB.QueryRow(`SELECT bytes, messages FROM usage WHERE kind = ? AND source = ?`, kind, source).Scan(&b, &m); err != nil {
			t.Fatal(err)
		}
		if b != bytes || m != messages {
			t.Errorf("%s %q: %d bytes, %d messages; want %d, %d", kind, source, b, m, bytes, messages)
		}
	}
	add := `INSERT INTO items (id, state, place, held, expires, source, space, counted, item) VALUES `
	exec(add + `('1', 'putting', 'store', 1, 2, 'a', 100, 1, '')`)
	exec(add + `('2', 'held', 'store', 1, 2, 'a', 10, 1, '')`)
	exec(add + `('3', 'held', 'store', 1, 2, 'b', 1, 1, '')`)
	want("", 111, 3)
	want("a", 110, 2)
	exec(`UPDATE items SET space = 90 WHERE id = '1'`)
	want("", 101, 3)
	want("a", 100, 2)
	exec(`UPDATE items SET counted = 0, space = 0 WHERE id = '2'`)
	want("", 91, 2)
	want("a", 90, 1)
	exec(`DELETE FROM items WHERE id IN ('1', '2')`)
	want("", 1, 1)
	want("a", 0, 0)
	want("b", 1, 1)
}
