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
	VBAAbility    Kind = "vba.ability"
	VBASuspicious Kind = "vba.suspicious"
	VBAStomped    Kind = "vba.stomped"

	XLMPresent    Kind = "xlm.present"
	XLMAutoexec   Kind = "xlm.autoexec"
	XLMSuspicious Kind = "xlm.suspicious"
	SheetHidden   Kind = "sheet.hidden"

	OfficeEncrypted       Kind = "office.encrypted"
	OfficeDefaultPassword Kind = "office.default-password"
	OfficePasswordFound   Kind = "office.password-found"
	OfficeRemoteTemplate  Kind = "office.remote-template"
	OfficeRemoteObject    Kind = "office.remote-object"
	OfficeExternal        Kind = "office.external"
	OfficeDDE             Kind = "office.dde"
	OfficeActiveX         Kind = "office.activex"
	OfficeLure            Kind = "office.lure"
	OfficeUnreadable      Kind = "office.unreadable"

	OLEObject  Kind = "ole.object"
	OLEPackage Kind = "ole.package"
	OLEExploit Kind = "ole.exploit"

	RTFObject       Kind = "rtf.object"
	RTFEquation     Kind = "rtf.equation"
	OneNoteEmbedded Kind = "onenote.embedded"

	LNKCommand       Kind = "lnk.command"
	LNKSuspicious    Kind = "lnk.suspicious"
	URLFile          Kind = "url.file"
	ScriptFile       Kind = "script.file"
	ScriptSuspicious Kind = "script.suspicious"
	ExecutableFile   Kind = "executable.file"
	MSIFile          Kind = "msi.file"
	HelpCHM          Kind = "help.chm"
	ImageDisk        Kind = "image.disk"
	HTMLSmuggling    Kind = "html.smuggling"
	PDFJavaScript    Kind = "pdf.javascript"
	PDFLaunch        Kind = "pdf.launch"
	PDFEmbedded      Kind = "pdf.embedded"
	PDFEncrypted     Kind = "pdf.encrypted"
	TNEFFile         Kind = "tnef.file"
	MailEncrypted    Kind = "mail.encrypted"

	ZipEncrypted           Kind = "zip.encrypted"
	ArchiveListingMismatch Kind = "archive.listing-mismatch"
	ArchiveBomb            Kind = "archive.bomb"
	ArchiveUnread          Kind = "archive.unread"
	ArchiveEncrypted       Kind = "archive.encrypted"
	ArchiveHeaderEncrypted Kind = "archive.header-encrypted"
	ArchivePasswordFound   Kind = "archive.password-found"
	ArchivePasswordLater   Kind = "archive.password-later"
	FilePadded             Kind = "file.padded"
	FileTypeMismatch       Kind = "file.type-mismatch"
	NameDoubleExtension    Kind = "name.double-extension"
	NameRTLO               Kind = "name.rtlo"
	NameSpaces             Kind = "name.spaces"

	MailMalformed    Kind = "mail.malformed"
	MailPassword     Kind = "mail.password"
	MailLure         Kind = "mail.lure"
	MailDocumentLink Kind = "mail.document-link"
	MailLinkMismatch Kind = "mail.link-mismatch"
	MailOneLine      Kind = "mail.one-line-over-quote"
	AuthFail         Kind = "auth.fail"
	ListMatch        Kind = "list.match"

	ThreadKnown          Kind = "thread.known"
	ThreadUnknown        Kind = "thread.unknown"
	ThreadStolen         Kind = "thread.stolen"
	ThreadForged         Kind = "thread.forged"
	ThreadSubjectForeign Kind = "thread.subject-foreign"
	ThreadQuoteMismatch  Kind = "thread.quote-mismatch"
	ReplyNoReference     Kind = "reply.without-reference"
	SenderKnown          Kind = "sender.known"
	SenderNew            Kind = "sender.new"
	SenderNameSpoof      Kind = "sender.name-spoof"
	SenderInternalSpoof  Kind = "sender.internal-spoof"
	SenderLookalike      Kind = "sender.lookalike"

	OutboundBurst       Kind = "outbound.burst"
	OutboundCarrier     Kind = "outbound.carrier"
	OutboundHost        Kind = "outbound.host"
	OutboundBackscatter Kind = "outbound.backscatter"

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
	VBAAbility: {Info,
		"A macro can start programs, download or write files, but nothing shows that it does so unasked. Honest workbooks use these functions too.",
		"マクロにプログラムの起動、ダウンロード、ファイルの書き込みなどの機能がありますが、無断で使う形跡はありません。通常の業務用マクロでも使われます。"},
	VBASuspicious: {Suspicious,
		"A macro works as a downloader does: it starts programs, downloads or writes files without being asked, or hides that it does.",
		"マクロが、指示なしにプログラムの起動、ダウンロード、ファイルの書き込みを行うか、それを隠しています。不正プログラムを呼び込むマクロの特徴です。"},
	VBAStomped: {Suspicious,
		"The macro's source text does not match the compiled code that Office may run instead: the text shown to scanners is a disguise.",
		"マクロのソースと、Office が実際に実行し得るコンパイル済みコードが一致しません。検査ソフトに見せるソースを偽装する手口です。"},
	XLMPresent: {Info,
		"The workbook holds Excel 4 macros, an old macro language in cells that scanners often overlook and honest files hardly use any more.",
		"ブックに Excel 4.0 マクロ（セルに書かれた旧式のマクロ）が含まれています。検査をすり抜けやすく、現在の業務ではほとんど使われません。"},
	XLMAutoexec: {Suspicious,
		"An Excel 4 macro starts by itself when the workbook is opened or closed.",
		"ブックを開く、または閉じるだけで自動的に動く Excel 4.0 マクロがあります。"},
	XLMSuspicious: {Suspicious,
		"An Excel 4 macro starts programs, calls system functions, downloads or writes files, or builds its formulas while it runs.",
		"Excel 4.0 マクロが、プログラムの起動、システム関数の呼び出し、ダウンロード、ファイルの書き込み、または実行中の数式の組み立てを行います。"},
	SheetHidden: {Info,
		"A macro sheet of the workbook is hidden, so that the recipient does not see what it does.",
		"マクロシートが非表示になっており、受信者からは内容が見えません。"},
	OfficeEncrypted: {Info,
		"The Office document is locked with a password.",
		"Office 文書がパスワードで暗号化されています。"},
	OfficeDefaultPassword: {Suspicious,
		"The document is encrypted with the password that Office tries by itself: it opens without a question, and only scanners are locked out. Excel does so itself when a workbook's structure is protected.",
		"Office が自動的に試す既定のパスワードで暗号化されています。受信者は何も入力せずに開けるため、検査ソフトだけが中身を読めません。Excel がブックの構成を保護したときにも使われます。"},
	OfficePasswordFound: {Info,
		"The encrypted document was opened with a password that was at hand, and its content was inspected.",
		"暗号化された文書を、手元にあったパスワードで開き、中身を検査しました。"},
	OfficeRemoteTemplate: {Suspicious,
		"The document fetches its template from another machine when it is opened; the macros are in that template.",
		"文書を開くと、外部のコンピューターからテンプレートを取得します。マクロをそのテンプレートに隠す手口です。"},
	OfficeRemoteObject: {Suspicious,
		"The document loads an object or a framed document from an address on the network when it is opened. What comes can run programs without a macro.",
		"文書を開くと、ネットワーク上のアドレスからオブジェクトやフレームの文書を読み込みます。マクロなしでプログラムを実行する攻撃に使われます。"},
	OfficeExternal: {Info,
		"The document fetches something from another machine when it is opened: a linked file, a picture, a data source or a subdocument.",
		"文書を開くと、リンクされたファイル、画像、データソースなどを外部のコンピューターから取得します。"},
	OfficeDDE: {Suspicious,
		"The document asks Office to start another program through DDE, or by an action on a slide, which needs no macro.",
		"DDE またはスライドの動作設定により別のプログラムを起動させる指示が文書にあります。マクロがなくても動きます。"},
	OfficeActiveX: {Info,
		"The document holds ActiveX controls, whose events can start macros and whose data other programs read.",
		"文書に ActiveX コントロールが含まれています。そのイベントでマクロが動くことがあります。"},
	OfficeLure: {Info,
		"The document's text asks the reader to enable editing or macros. Honest manuals say it too; with a macro it is the usual lure.",
		"「編集を有効にする」「コンテンツの有効化」などを促す文章があります。正規の手引きにも見られますが、マクロと組み合わさると典型的な誘導です。"},
	OfficeUnreadable: {Suspicious,
		"The file is an Office document whose structure is damaged: programs may differ on what is in it, or part of it could not be read, though Office might still open it.",
		"Office 文書の構造が壊れています。ソフトにより中身の見え方が異なるか、一部を読み取れませんが、Office では開ける可能性があります。"},
	OLEObject: {Info,
		"Another document or object is embedded in this one; it was inspected like a file of its own.",
		"別の文書やオブジェクトが埋め込まれています。独立したファイルと同様に検査しました。"},
	OLEPackage: {Info,
		"A file is packed into the document; a double click on its icon opens it like an attachment.",
		"文書にファイルが埋め込まれています。アイコンをダブルクリックすると添付ファイルと同様に開きます。"},
	RTFObject: {Info,
		"An object is embedded in the RTF text; such objects carry exploits and files that a double click opens.",
		"RTF 文書にオブジェクトが埋め込まれています。脆弱性の悪用やファイルの持ち込みに使われます。"},
	OLEExploit: {Suspicious,
		"An object made as attackers make it: of a class whose faults run code, with content its own program never writes, or loaded before anybody sees it.",
		"攻撃に使われる形のオブジェクトです。脆弱性で知られる種類のもの、本来のソフトが書き出さない内容のもの、または表示前に必ず読み込ませる指定のあるものです。"},
	RTFEquation: {Suspicious,
		"The document calls the old equation editor, which honest files hardly use and whose faults run code without a macro.",
		"旧式の数式エディターを呼び出します。通常の文書ではほとんど使われず、その脆弱性によりマクロなしでコードが実行されます。"},
	OneNoteEmbedded: {Info,
		"A file is embedded in the OneNote page; a double click opens it, often hidden below a picture of a button.",
		"OneNote のページにファイルが埋め込まれています。ボタンの画像の下に隠し、ダブルクリックで開かせる手口があります。"},
	LNKCommand: {Info,
		"A Windows shortcut: a double click runs the program it names, with the arguments it gives, under any icon.",
		"Windows のショートカットです。ダブルクリックすると、どのようなアイコンであっても、指定されたプログラムが引数付きで実行されます。"},
	LNKSuspicious: {Suspicious,
		"A shortcut as attackers make it: it starts a script host or a downloader, hides its arguments, or carries a script or program behind its own data.",
		"攻撃に使われる形のショートカットです。スクリプトの実行環境やダウンロードを起動する、引数を隠す、または末尾にスクリプトやプログラムを抱えています。"},
	URLFile: {Suspicious,
		"An internet shortcut: opening it fetches or starts what stands at its address, which may be a program on somebody's file server.",
		"インターネットショートカットです。開くと、外部のファイルサーバーにあるプログラムなど、指定先のものが取得または実行されます。"},
	ScriptFile: {Suspicious,
		"A script that Windows or a browser runs when it is opened (JavaScript, VBScript, HTA, batch, PowerShell and the like). Honest mail hardly ever carries one.",
		"開くと Windows やブラウザーが実行するスクリプト（JavaScript、VBScript、HTA、バッチ、PowerShell など）です。通常のメールに添付されることはほとんどありません。"},
	ScriptSuspicious: {Suspicious,
		"A script that starts programs, fetches or writes files, or hides what it does.",
		"スクリプトが、プログラムの起動、ファイルの取得や書き込みを行うか、動作を隠しています。"},
	ExecutableFile: {Suspicious,
		"A program: it runs when it is opened.",
		"開くと実行されるプログラムです。"},
	MSIFile: {Suspicious,
		"A Windows installer package or patch: opening it installs and runs programs.",
		"Windows インストーラーのパッケージです。開くとプログラムがインストールされ実行されます。"},
	HelpCHM: {Suspicious,
		"A compiled help file, whose pages can start programs; honest mail hardly ever carries one.",
		"コンパイル済みヘルプファイルです。ページからプログラムを起動でき、通常のメールではほとんど使われません。"},
	ImageDisk: {Suspicious,
		"A disk image: Windows opens it like a folder, and the files inside escape the warning that downloaded files carry.",
		"ディスクイメージです。Windows ではフォルダーのように開き、中のファイルにはダウンロード時の警告が付きません。"},
	HTMLSmuggling: {Suspicious,
		"A web page that builds a file out of its own text and hands it to the reader as a download, so that no scanner sees the file on its way.",
		"ページ内の文字列からファイルを組み立て、ダウンロードとして受信者に渡す HTML です。配送途中の検査ではファイルが見えません。"},
	PDFJavaScript: {Info,
		"The PDF holds JavaScript; forms use it to check what is typed, attacks use it to start something.",
		"PDF に JavaScript が含まれています。入力フォームの確認にも使われますが、攻撃にも使われます。"},
	PDFLaunch: {Suspicious,
		"The PDF asks the reader's program to start a program or to open a file on a machine.",
		"PDF に、プログラムの起動やファイルを開く動作が設定されています。"},
	PDFEmbedded: {Info,
		"A file is embedded in the PDF; it was inspected like an attachment of its own.",
		"PDF にファイルが埋め込まれています。独立した添付ファイルと同様に検査しました。"},
	PDFEncrypted: {Info,
		"The PDF is locked with a password, so its text and embedded files could not be inspected.",
		"PDF がパスワードで暗号化されているため、本文や埋め込みファイルを検査できません。"},
	TNEFFile: {Info,
		"Outlook's own wrapping of a mail (winmail.dat); the files in it were inspected like attachments.",
		"Outlook 独自の形式（winmail.dat）です。中のファイルは添付ファイルと同様に検査しました。"},
	MailEncrypted: {Info,
		"The mail, or a part of it, is encrypted for its recipient (S/MIME or PGP): only the recipient can read and inspect it.",
		"メールの全部または一部が受信者宛てに暗号化（S/MIME、PGP）されています。内容を読み、検査できるのは受信者だけです。"},
	ZipEncrypted: {Info,
		"The ZIP archive holds files locked with a password; the names of the files can be read.",
		"ZIP の中にパスワードで暗号化されたファイルがあります。ファイル名は読み取れます。"},
	ArchiveListingMismatch: {Suspicious,
		"The archive's two lists of content disagree: a scanner and the recipient's program may see different files.",
		"アーカイブ内の二つの一覧が食い違っています。検査ソフトと受信者のソフトで見えるファイルが異なるおそれがあります。"},
	ArchiveBomb: {Suspicious,
		"The archive grows to far more than its own size when it is unpacked, which is a way to stop a scanner.",
		"展開すると極端に大きくなるアーカイブです。検査を妨害する手口として使われます。"},
	ArchiveUnread: {Info,
		"An archive or a member of one that this version recognises but cannot open, so its content was not inspected.",
		"この版では開けない形式のアーカイブまたはその中のファイルのため、中身を検査していません。"},
	ArchiveEncrypted: {Info,
		"The archive holds files locked with a password; the names of the files can be read.",
		"アーカイブの中にパスワードで暗号化されたファイルがあります。ファイル名は読み取れます。"},
	ArchiveHeaderEncrypted: {Info,
		"The whole archive is locked with a password, the names of its files included.",
		"ファイル名を含め、アーカイブ全体がパスワードで暗号化されています。"},
	ArchivePasswordFound: {Info,
		"A password that was at hand opened the archive, and what is inside was inspected.",
		"手元にあったパスワードでアーカイブを開き、中身を検査しました。"},
	ArchivePasswordLater: {Info,
		"This mail brings the password of a locked archive in an earlier mail; that archive was opened with it and inspected.",
		"このメールには、先に届いたメールの暗号化アーカイブのパスワードが含まれています。そのアーカイブを開いて検査しました。"},
	FilePadded: {Suspicious,
		"The file is blown up with filling so that scanners pass it by: what is real in it is a small part of its size.",
		"検査を避けるために、意味のないデータで膨らませたファイルです。実際の内容はごく一部です。"},
	FileTypeMismatch: {Suspicious,
		"The content is not what the file's name or declared type says.",
		"ファイルの中身が、名前や宣言された種類と異なります。"},
	NameDoubleExtension: {Suspicious,
		"The name shows the ending of a document before the real one, which Windows hides: the file looks like a document and runs as something else.",
		"本当の拡張子の前に文書の拡張子を見せる名前です。Windows の既定の表示では文書に見えますが、実際には別のものとして開かれます。"},
	NameRTLO: {Suspicious,
		"The name holds characters that turn the direction of writing, so that its ending reads as another one.",
		"文字の並びを逆転させる制御文字が名前に含まれ、拡張子が別のものに見えます。"},
	NameSpaces: {Suspicious,
		"The name holds a long run of blanks that pushes its real ending out of sight.",
		"長い空白で本当の拡張子を見えなくした名前です。"},
	MailMalformed: {Info,
		"The message breaks the rules of MIME in a way that can make programs disagree about its attachments.",
		"メールの形式が MIME の規則に反しており、添付ファイルの見え方がソフトにより異なるおそれがあります。"},
	MailPassword: {Info,
		"The mail's text gives a password. In Japan honest senders do so in a second mail; together with a locked file in the same mail it is the habit of Emotet.",
		"本文にパスワードが書かれています。国内では別のメールで知らせる習慣がありますが、暗号化ファイルと同じメールに書くのは Emotet の手口です。"},
	MailLure: {Info,
		"The mail's text asks the reader to enable editing or macros in a document.",
		"文書の編集やマクロ（コンテンツ）の有効化を本文で促しています。"},
	MailDocumentLink: {Info,
		"The mail links to a document, an archive or a file-sharing service: the file comes from there and was not inspected.",
		"文書、アーカイブ、またはファイル共有サービスへのリンクがあります。ファイル本体はリンク先にあり、検査していません。"},
	MailLinkMismatch: {Suspicious,
		"The text of a link names another host than the one it leads to.",
		"リンクの表示に書かれたホスト名が、実際のリンク先と異なります。"},
	MailOneLine: {Info,
		"One short line stands above a long quotation. Emotet's mails look like this, and so do many quick answers.",
		"長い引用の上に、短い一行だけが書かれています。Emotet のメールの特徴ですが、急ぎの返信にもよくあります。"},
	AuthFail: {Suspicious,
		"The sender's domain says that this mail is not from it (DMARC, SPF or DKIM fails), or a partner whose mail used to prove its origin no longer does.",
		"差出人のドメインの認証(DMARC、SPF、DKIM)に失敗しているか、これまで認証に成功していた相手のメールが認証されませんでした。"},
	ListMatch: {Info,
		"The mail matches a list that the postmaster keeps: a hash, a macro, an address, a domain or a network.",
		"管理者の一覧（ハッシュ値、マクロ、アドレス、ドメイン、ネットワーク）に一致しました。"},
	ThreadKnown: {Info,
		"The mail answers one of ours, and its writer took part in that conversation.",
		"当方のメールへの返信であり、書き手はその会話の参加者です。"},
	ThreadUnknown: {Info,
		"The mail presents itself as an answer, but the memory of our conversations does not know what it answers.",
		"返信の体裁ですが、返信元の会話が記録にありません。"},
	ThreadStolen: {Suspicious,
		"The mail cites a real mail of ours, but its writer never took part in that conversation. Emotet answers in stolen conversations.",
		"当方が実際に送ったメールを引用していますが、書き手はその会話の参加者ではありません。盗んだ会話に割り込む Emotet の手口です。"},
	ThreadForged: {Suspicious,
		"The mail claims to answer a mail of ours that was never sent.",
		"当方が送っていないメールへの返信を装っています。"},
	ThreadSubjectForeign: {Suspicious,
		"The mail answers under the subject of a conversation of ours, but its writer never took part in it.",
		"当方の会話の件名で返信していますが、書き手はその会話の参加者ではありません。"},
	ThreadQuoteMismatch: {Suspicious,
		"The mail quotes its supposed writer, or one of ours, under another address than it comes from.",
		"引用部分に示された本人のアドレスが、このメールの差出人アドレスと異なります。"},
	ReplyNoReference: {Info,
		"The subject says that this is an answer, but the header names no mail that it answers. Old mail programs and web forms do this too.",
		"件名は返信ですが、返信元を示すヘッダーがありません。古いメールソフトやウェブフォームでもあります。"},
	SenderKnown: {Info,
		"One of ours has written to this sender before, and nothing speaks against the mail coming from there.",
		"当方から連絡したことのある相手で、差出人に不審な点はありません。"},
	SenderNew: {Info,
		"Nobody of ours has written to this sender, and no mail from this address has come before.",
		"当方から連絡したことがなく、このアドレスからの受信も初めてです。"},
	SenderNameSpoof: {Info,
		"The display name is that of a correspondent of ours, but the address is another one. Namesakes and private accounts look the same.",
		"表示名は取引相手の名前ですが、アドレスが異なります。同姓同名や個人アドレスの場合もあります。"},
	SenderInternalSpoof: {Suspicious,
		"The display name is the name or the address of one of ours, but the mail comes from a foreign address.",
		"表示名は組織内の人の名前またはアドレスですが、外部のアドレスから届いています。"},
	SenderLookalike: {Suspicious,
		"The sender's domain looks like ours or a correspondent's, but is another one.",
		"差出人のドメインが、当方または取引相手のドメインに酷似した別のドメインです。"},
	OutboundBurst: {Malicious,
		"One of our accounts or machines sends risky mail much faster than a person does: it is probably infected, or its password was stolen.",
		"組織内のアカウントまたは端末が、人の手とは思えない速さで危険なメールを送っています。感染またはパスワードの窃取が疑われます。"},
	OutboundCarrier: {Suspicious,
		"One of our accounts sends several different files that start by themselves, or sends one as an answer to a mail that the memory does not know.",
		"組織内のアカウントが、自動的に動く異なるファイルを続けて送っているか、記録にない会話への返信として送っています。"},
	OutboundHost: {Suspicious,
		"An incident of the account or machine that sends this mail, such as a burst, has not been cleared.",
		"送信元のアカウントまたは端末は、大量送信などで感染が疑われたまま解除されていません。"},
	OutboundBackscatter: {Info,
		"A bounce or an answer to a mail that we never sent: somebody else abuses our names. It does not mean that a machine here is infected.",
		"当方が送っていないメールへの不達通知や返信です。外部で当方の名前が悪用されており、組織内の感染を示すものではありません。"},
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
