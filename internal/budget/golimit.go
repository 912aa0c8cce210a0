package budget

import (
	"bufio"
	"bytes"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// CgroupLimit is the least of the memory limits that the control groups of this process have, 0 for none. root is the file system's root. What cannot be
// read is no limit.
func CgroupLimit(root fs.FS) int64 {
	b, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	least := int64(0)
	for in := bufio.NewScanner(bytes.NewReader(b)); in.Scan(); {
		// cgroups(7): hierarchy:controllers:path; version 2 has the hierarchy 0 and no controllers.
		_, rest, _ := strings.Cut(in.Text(), ":")
		controllers, at, ok := strings.Cut(rest, ":")
		switch {
		case !ok:
		case controllers == "":
			least = lesser(least, climb(root, "sys/fs/cgroup", at, "memory.max"))
			least = lesser(least, climb(root, "sys/fs/cgroup", at, "memory.high"))
		case strings.Contains(","+controllers+",", ",memory,"):
			least = lesser(least, climb(root, "sys/fs/cgroup/memory", at, "memory.limit_in_bytes"))
		}
	}
	return least
}

// climb is the least limit from a group up to the root of the hierarchy. In a container the group's own path may not be there, and the root is the
// container's.
func climb(root fs.FS, top, at, file string) (least int64) {
	for at = path.Clean("/" + at); ; at = path.Dir(at) {
		if b, err := fs.ReadFile(root, path.Join(top, at, file)); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil && n < unlimited { // "max" is none
				least = lesser(least, n)
			}
		}
		if at == "/" {
			return least
		}
	}
}

// unlimited is less than version 1 writes for no limit: the largest int64, in pages.
const unlimited = 1 << 62

// lesser is the lesser of two limits, of which 0 is none.
func lesser(a, b int64) int64 {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}
