package links

import (
	"net/url"
	"strings"
	"sync"
)

// endings of file names by class. Those that stand behind the dots of ordinary addresses too (.com, .html) are left out.
var endings = [...]struct {
	class Class
	list  string
}{
	{Office, `doc docm docx dot dotm dotx xls xlsm xlsx xlsb xlt xltm xltx xlam xla xll ppt pptm pptx pot potm ppam pps ppsm ppsx rtf one onepkg mht mhtml slk iqy
		pub vsd vsdm odt ods odp csv jtd hwp hwpx`},
	{PDF, "pdf"},
	{Archive, "zip 7z rar lzh cab tar tgz gz bz2 xz zst arj ace zipx jar alz egg"},
	{Program, "exe msi msix msixbundle appx appxbundle appinstaller scr pif cpl dll lnk apk dmg pkg chm"},
	{Script, "js jse vbs vbe wsf wsh hta ps1 bat cmd sct settingcontent-ms"},
	{Disk, "iso img vhd vhdx udf"},
}

var classOf = sync.OnceValue(func() map[string]Class {
	m := map[string]Class{}
	for _, e := range endings {
		for ext := range strings.FieldsSeq(e.list) {
			m[ext] = e.class
		}
	}
	return m
})

// class is what the path's last segment, or a value of the query, names; else that of the service.
func (a *address) class() Class {
	rest, _, _ := strings.Cut(a.rest, "#")
	path, query, _ := strings.Cut(rest, "?")
	if strings.IndexByte(rest, '.') >= 0 || strings.IndexByte(rest, '%') >= 0 { // nothing else can be a name
		if c := filed(path, query); c != Other {
			return c
		}
	}
	if a.shared(path) {
		return Share
	}
	return Other
}

// filed is the class of the first file that a path or query names.
func filed(path, query string) Class {
	for segment := range strings.SplitSeq(path, "/") { // .../report.doc/download too
		if c := named(segment); c != Other {
			return c
		}
	}
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		_, v, ok := strings.Cut(pair, "=")
		if !ok {
			v = pair
		}
		if c := named(v); c != Other {
			return c
		}
	}
	return Other
}

// named is the class of a file's name.
func named(s string) Class {
	if strings.Contains(s, "%") {
		if plain, err := url.QueryUnescape(s); err == nil {
			s = plain
		}
	}
	s = strings.TrimRight(s, ". /")
	if i := strings.LastIndexByte(s, '.'); i > 0 && i < len(s)-1 {
		return classOf()[strings.ToLower(s[i+1:])]
	}
	return Other
}

// service is a place where people put files for others: a host, or the end of one, and the beginnings of the paths under which the files are.
type service struct {
	host  string
	paths string // parted by blanks; "" for all but the front page
}

var services = [...]service{
	{"drive.google.com", ""}, {"docs.google.com", "/document/ /spreadsheets/ /presentation/ /file/ /uc /open"}, {"drive.usercontent.google.com", ""},
	{"storage.googleapis.com", ""}, {"firebasestorage.googleapis.com", ""}, {"photos.app.goo.gl", ""},
	{"1drv.ms", ""}, {"1drv.com", ""}, {"onedrive.live.com", ""}, {"onedrive.com", ""}, {"sharepoint.com", ""}, {"sharepoint.cn", ""}, {"d.docs.live.net", ""}, {"my.microsoftpersonalcontent.com", ""},
	{"blob.core.windows.net", ""}, {"files.core.windows.net", ""},
	{"dropbox.com", "/s/ /scl/ /sh/ /t/ /l/ /transfer/ /request/ /u/"}, {"dropboxusercontent.com", ""}, {"db.tt", ""},
	{"box.com", "/s/ /v/ /file/ /shared/ /folder/"}, {"box.net", ""}, {"boxcloud.com", ""},
	{"wetransfer.com", "/downloads/ /d/ /t/"}, {"we.tl", ""},
	{"gigafile.nu", ""}, {"firestorage.jp", ""}, {"firestorage.com", ""}, {"xfs.jp", ""}, {"datadeliver.net", ""}, {"okurin.bitpark.co.jp", ""}, {"filesend.to", ""}, {"axfc.net", ""},
	{"uploader.jp", ""}, {"getuploader.com", ""}, {"directcloud.jp", ""}, {"dcbox.jp", ""}, {"fileforce.jp", ""}, {"bizstorage.jp", ""}, {"webfile.jp", ""}, {"storage-plus.jp", ""},
	{"secure-transfer.jp", ""}, {"tmfs.jp", ""}, {"ndl.to", ""}, {"dotup.org", ""}, {"infinity.okurun.jp", ""}, {"kiwi.ne.jp", ""},
	{"icloud.com", "/iclouddrive/ /attachment /photos/"}, {"icloud-content.com", ""}, {"mega.nz", ""}, {"mega.io", "/file/ /folder/"}, {"mediafire.com", ""}, {"4shared.com", ""},
	{"sendspace.com", ""}, {"transfernow.net", ""}, {"swisstransfer.com", ""}, {"fromsmash.com", ""}, {"sendgb.com", ""}, {"filemail.com", ""}, {"transferxl.com", ""},
	{"hightail.com", ""}, {"sharefile.com", ""}, {"sharefile.eu", ""}, {"egnyte.com", ""}, {"pcloud.com", "/publink"}, {"pcloud.link", ""}, {"pc.cd", ""}, {"disk.yandex.ru", ""}, {"disk.yandex.com", ""},
	{"yadi.sk", ""}, {"cloud.mail.ru", ""}, {"pan.baidu.com", ""}, {"gofile.io", ""}, {"file.io", ""}, {"anonfiles.com", ""}, {"catbox.moe", ""}, {"transfer.sh", ""}, {"ufile.io", ""},
	{"send-anywhere.com", ""}, {"sendanywhe.re", ""}, {"workupload.com", ""}, {"krakenfiles.com", ""}, {"uploadfiles.io", ""}, {"tresorit.com", ""}, {"quickconnect.to", ""},
	{"cdn.discordapp.com", "/attachments/"}, {"media.discordapp.net", "/attachments/"}, {"cdn.discord.com", "/attachments/"}, {"acrobat.adobe.com", "/link/ /id/"}, {"documentcloud.adobe.com", ""},
	{"shared-assets.adobe.com", ""}, {"zoho.com", "/file/ /external/"}, {"workdrive.zohoexternal.com", ""}, {"terabox.com", ""}, {"naver.me", ""}, {"mybox.naver.com", ""},
}

var servicePaths = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, s := range services {
		m[s.host] = s.paths
	}
	return m
})

// begins reports whether a path begins with one of those.
func begins(path, list string) bool {
	for p := range strings.FieldsSeq(list) {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

// sharing are labels of a host name that say what the host is for.
var sharing = map[string]bool{"fileshare": true, "file-share": true, "filesharing": true, "sharefile": true, "filetransfer": true, "file-transfer": true, "filestorage": true, "filesend": true,
	"sendfile": true, "onlinestorage": true}

// shared reports whether a file of a file-sharing service is behind the address.
func (a *address) shared(path string) bool {
	if strings.Trim(path, "/") == "" && !strings.Contains(a.rest, "?") {
		return false
	}
	for domain := a.host; ; {
		if paths, ok := servicePaths()[domain]; ok && (paths == "" || begins(path, paths)) {
			return true
		}
		_, above, ok := strings.Cut(domain, ".")
		if !ok {
			break
		}
		domain = above
	}
	for label := range strings.SplitSeq(a.host, ".") {
		if sharing[label] {
			return true
		}
	}
	return false
}
