package inspect

import (
	"strings"
)

// treeFiles are the members of an archive that make it a source tree: a script between a PDF and a text file is none.
const treeFiles = 3

// tally counts a member that a source tree has.
func (s *Scan) tally(f *File) {
	if ext := extension(f.called); f.parent != nil && (ext == ".htm" || ext == ".html") {
		if f.parent.pages == nil {
			f.parent.pages = map[string]bool{}
		}
		f.parent.pages[f.called[:len(f.called)-len(ext)]] = true
	}
	if f.parent != nil && (sourceExtension(extension(f.called)) || projectName(strings.ToLower(baseName(f.called)))) {
		f.parent.sources++
		if f.parent.folders == nil {
			f.parent.folders = map[string]int{}
		}
		f.parent.folders[folder(f.called)]++
	}
}

// folder is where a member stands in its archive.
func folder(name string) string { return name[:len(name)-len(baseName(name))] }

// settle decides on the scripts among the members of f, now that all of them are known.
func (s *Scan) settle(f *File) {
	list := f.scripts
	f.scripts = nil
	for _, c := range list {
		if f.sources >= treeFiles && harmlessSource(c) && !(c.judged.Suspicious() && f.alone(folder(c.f.called))) {
			continue
		}
		if !c.judged.Suspicious() && f.ofPage(folder(c.f.called)) {
			continue
		}
		c.report(s)
	}
}

const besideLeast = 2 // sources beside a script that fetches or starts something: settings of the build, a licence

// alone reports whether a script in that folder is what a reader finds first, with the sources out of sight in folders below.
func (f *File) alone(at string) bool {
	for other := range f.folders {
		if !strings.HasPrefix(other, at) {
			return false
		}
	}
	return f.folders[at] < besideLeast
}

// ofPage reports whether browsers save what a page among the members needs to a folder of that name.
func (f *File) ofPage(at string) bool {
	at = strings.TrimRight(at, `\/`)
	for _, end := range []string{"_files", ".files"} {
		if page, ok := strings.CutSuffix(at, end); ok && f.pages[page] {
			return true
		}
	}
	return false
}

// harmlessSource reports whether a script in a source tree is one of its sources: nothing in it needs a machine of Windows to be attacked.
func harmlessSource(c *foundScript) bool {
	return !c.judged.Strong && !c.judged.Run
}

// isArchive reports whether files of a kind are made to hold a tree of files.
func isArchive(kind string) bool {
	switch kind {
	case KindZip, Kind7z, KindRAR, KindTar, KindCAB, KindLZH, KindARJ, KindACE, KindALZ, KindEGG, KindCPIO, KindISO, KindUDF, KindIMG, KindVHD, KindVHDX:
		return true
	}
	return false
}

// sourceScript reports whether programs are written in the language of a script by that extension, and installed and built by it.
func sourceScript(ext string) bool {
	switch ext {
	case ".js", ".py", ".pyw", ".vb", ".bat", ".cmd", ".ps1", ".psm1", ".psd1", ".ps1xml", ".vbs", ".inf", ".reg":
		return true
	}
	return false
}

// sourceExtension reports whether a file by that extension is a source, markup or settings of a program.
func sourceExtension(ext string) bool {
	switch ext {
	case ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".m", ".mm", ".cs", ".java", ".kt", ".kts", ".scala", ".go", ".rs", ".swift", ".py", ".pyi", ".ipynb", ".rb", ".pl", ".pm",
		".php", ".lua", ".r", ".jl", ".hs", ".ml", ".fs", ".vb", ".pas", ".f90", ".asm", ".s", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".vue", ".svelte",
		".css", ".scss", ".sass", ".less", ".json", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".md", ".rst", ".sh", ".bash", ".zsh",
		".cmake", ".mk", ".gradle", ".sln", ".csproj", ".vcxproj", ".vbproj", ".proj", ".props", ".xaml", ".resx", ".map", ".lock", ".proto", ".sql", ".jsp", ".asp", ".aspx",
		".ejs", ".hbs", ".twig", ".erb", ".tpl", ".po", ".pot", ".tf", ".dart", ".ex", ".exs", ".erl", ".clj", ".groovy", ".bas", ".frm", ".cls", ".ino", ".v":
		return true
	}
	return false
}

// projectName reports whether a file by that name, in lower case, stands in the root of projects.
func projectName(name string) bool {
	switch name {
	case "makefile", "dockerfile", "license", "readme", "cmakelists.txt", "requirements.txt", ".gitignore", ".gitattributes", ".editorconfig", "gemfile", "rakefile", "go.mod",
		"go.sum", "pom.xml", "jenkinsfile", "configure", "copying", "changelog", "authors", "procfile", ".env", ".npmignore", ".dockerignore":
		return true
	}
	return false
}

// activeMarkup names active content in markup, with the same mercy for source trees.
func (s *Scan) activeMarkup(f *File, c *foundScript) {
	if f.parent != nil && isArchive(f.parent.Kind) && !c.judged.Strong {
		f.parent.scripts = append(f.parent.scripts, c)
		return
	}
	c.report(s)
}
