package finding

import (
	"maps"
	"slices"
)

// Kind names what was seen. The list is closed: tools, rules and metrics rely on the words.
type Kind string

// The kinds, by group. What each means to a reader stands in the table below them.
const (
	VBAPresent    Kind = "vba.present"
	VBAAutoexec   Kind = "vba.autoexec"
	VBASuspicious Kind = "vba.suspicious"

	OfficeEncrypted  Kind = "office.encrypted"
	OfficeUnreadable Kind = "office.unreadable"

	ZipEncrypted           Kind = "zip.encrypted"
	ArchiveListingMismatch Kind = "archive.listing-mismatch"
	ArchiveBomb            Kind = "archive.bomb"
	ArchiveUnread          Kind = "archive.unread"

	MailMalformed Kind = "mail.malformed"

	LimitDepth     Kind = "limit.depth"
	LimitFiles     Kind = "limit.files"
	LimitSize      Kind = "limit.size"
	LimitTime      Kind = "limit.time"
	ScanIncomplete Kind = "scan.incomplete"
	ParserError    Kind = "parser.error"
)

// Meaning is a kind's row: how grave it usually is and, in the reader's language, what it is and why it matters.
type Meaning struct {
	Severity Severity
	EN, JA   string
}

var meanings = map[Kind]Meaning{
	VBAPresent: {Info,
		"The document contains VBA macros: program code that Office can run on the recipient's machine.",
		"文書に VBA マクロが含まれています。マクロは受信者のパソコンで Office が実行できるプログラムです。"},
	VBAAutoexec: {Suspicious,
		"A macro starts by itself when the document is opened or closed. Emotet's documents work this way; few honest ones need it.",
		"文書を開く、または閉じるだけで自動的に動くマクロがあります。Emotet の文書の手口であり、通常の業務文書ではまれです。"},
	VBASuspicious: {Suspicious,
		"A macro uses functions that start programs, download or write files, or hide text: the tools of a downloader.",
		"マクロがプログラムの起動、ダウンロード、ファイルの書き込み、文字列の隠蔽などの機能を使っています。不正プログラムを呼び込むマクロの特徴です。"},
	OfficeEncrypted: {Info,
		"The Office document is locked with a password, so its content could not be inspected.",
		"Office 文書がパスワードで暗号化されているため、中身を検査できません。"},
	OfficeUnreadable: {Suspicious,
		"The file is an Office document whose structure is damaged: programs may differ on what is in it, or part of it could not be read, though Office might still open it.",
		"Office 文書の構造が壊れています。ソフトにより中身の見え方が異なるか、一部を読み取れませんが、Office では開ける可能性があります。"},
	ZipEncrypted: {Info,
		"The ZIP archive holds files locked with a password; their content could not be inspected.",
		"ZIP の中にパスワードで暗号化されたファイルがあり、中身を検査できません。"},
	ArchiveListingMismatch: {Suspicious,
		"The archive's two lists of content disagree: a scanner and the recipient's program may see different files.",
		"アーカイブ内の二つの一覧が食い違っています。検査ソフトと受信者のソフトで見えるファイルが異なるおそれがあります。"},
	ArchiveBomb: {Suspicious,
		"The archive grows to far more than its own size when it is unpacked, which is a way to stop a scanner.",
		"展開すると極端に大きくなるアーカイブです。検査を妨害する手口として使われます。"},
	ArchiveUnread: {Info,
		"An archive or a member of one that this version recognises but cannot open, so its content was not inspected.",
		"この版では開けない形式のアーカイブまたはその中のファイルのため、中身を検査していません。"},
	MailMalformed: {Info,
		"The message breaks the rules of MIME in a way that can make programs disagree about its attachments.",
		"メールの形式が MIME の規則に反しており、添付ファイルの見え方がソフトにより異なるおそれがあります。"},
	LimitDepth: {Suspicious,
		"Files are nested deeper than the limit; the innermost were not inspected.",
		"入れ子の深さが上限を超えたため、最も内側のファイルは検査していません。"},
	LimitFiles: {Suspicious,
		"The message holds more files or parts than the limit; the rest were not inspected.",
		"ファイルまたはパートの数が上限を超えたため、残りは検査していません。"},
	LimitSize: {Suspicious,
		"Content is larger than the limit; the rest was not inspected.",
		"大きさが上限を超えたため、残りは検査していません。"},
	LimitTime: {Suspicious,
		"The time allowed for this message ran out before everything was inspected.",
		"このメールに許された時間内に検査が終わりませんでした。"},
	ScanIncomplete: {Suspicious,
		"Part of the message could not be inspected.",
		"メールの一部を検査できませんでした。"},
	ParserError: {Suspicious,
		"A reader failed on this file. It was stopped safely, and the file counts as not inspected.",
		"このファイルの解析中に問題が起きたため、安全に中断しました。検査できなかったものとして扱います。"},
}

// Kinds returns every kind in the order of the names.
func Kinds() []Kind { return slices.Sorted(maps.Keys(meanings)) }

// Valid reports whether k is one of the list.
func (k Kind) Valid() bool { _, ok := meanings[k]; return ok }

// Severity returns the kind's usual severity, Suspicious for a kind not in the list.
func (k Kind) Severity() Severity {
	if m, ok := meanings[k]; ok {
		return m.Severity
	}
	return Suspicious
}

// Explain says in words what the kind means and why it matters, in Japanese for "ja", in English for everything else.
func (k Kind) Explain(lang string) string {
	if lang == "ja" {
		return meanings[k].JA
	}
	return meanings[k].EN
}
