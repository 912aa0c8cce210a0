package config

import "strings"

// about is what a reader is told of a key, and whether a reload suffices for it.
type about struct {
	restart bool
	en, ja  string
}

// Explain says in one line what a key means, in Japanese for "ja", in English for everything else; "" for an unknown key.
func Explain(key, lang string) string {
	if lang == "ja" {
		return keys[key].ja
	}
	return keys[key].en
}

// keys is the meaning of every key. A test holds it, the sample file and docs/configuration.md together.
var keys = map[string]about{
	"listen": {true,
		"Where the milter listens: inet:PORT@HOST, inet6:PORT@HOST or unix:/PATH.",
		"milter の待ち受け先。inet:ポート@ホスト、inet6:ポート@ホスト、または unix:/パス。"},
	"socket.mode": {true,
		"Mode of the unix socket; the MTA must be able to write to it.",
		"unix ソケットのモード。MTA が書き込める必要があります。"},
	"socket.group": {true,
		"Group of the unix socket, such as postfix; empty: the daemon's own.",
		"unix ソケットのグループ(例: postfix)。空なら自身のグループ。"},
	"allowed_peers": {true,
		"Networks that may connect to an inet listener.",
		"inet の待ち受けに接続できるネットワーク。"},
	"state": {true,
		"Folder of the quarantine, its index, messages in work and the audit log.",
		"隔離メール、索引、処理中のメール、監査記録を置くフォルダー。"},
	"mode": {false,
		"monitor: mail is judged and recorded; only forged X-Sekisho fields are removed. tag: marked at most. enforce: verdicts are carried out.",
		"monitor: 判定と記録だけで、偽の X-Sekisho フィールドを除くほかは何もしない。tag: 印を付けるまで。enforce: 判定どおりに実行する。"},
	"language": {false,
		"Language of the command's texts: en, ja, or auto for what LC_ALL, LC_MESSAGES or LANG says.",
		"コマンドの表示言語。en、ja、または auto(LC_ALL、LC_MESSAGES、LANG に従う)。"},
	"web.listen": {true,
		"HOST:PORT of metrics and health; empty: off.",
		"メトリクスと稼働確認の HOST:PORT。空なら無効。"},
	"web.config_file": {true,
		"File with TLS and basic authentication for it, in the format of Prometheus' exporter-toolkit.",
		"TLS と基本認証の設定ファイル(Prometheus exporter-toolkit の形式)。"},
	"sessions.max": {true,
		"Most milter sessions at once; a further one is told to try again later.",
		"同時に受け付ける milter セッションの上限。超えた分には一時エラーを返します。"},
	"timeouts.idle": {true,
		"How long the MTA may be silent between two commands; longer than its own limits.",
		"コマンドとコマンドの間で MTA を待つ時間。MTA 側の制限より長くします。"},
	"timeouts.read": {true,
		"How long the MTA may be silent inside a message's content.",
		"本文の受信中に MTA を待つ時間。"},
	"timeouts.write": {true,
		"How long the MTA may take to read a reply.",
		"応答を MTA が読み取るのを待つ時間。"},
	"timeouts.message": {true,
		"How long one message may be worked on; shorter than the MTA's limit (Postfix: milter_content_timeout, 300s).",
		"一通の処理に使える時間。MTA の制限(Postfix の milter_content_timeout は 300s)より短くします。"},
	"timeouts.hold": {true,
		"How long storing one message in the quarantine may take.",
		"一通を隔離先に保存する時間の上限。"},
	"timeouts.drain": {true,
		"How long messages in work may take to finish when the daemon stops.",
		"停止時に、処理中のメールの完了を待つ時間。"},
	"site.local_domains": {false,
		"Our mail domains, such as [example.co.jp]; a leading dot takes in subdomains. They tell mail to ours from mail to others.",
		"自組織のメールドメイン。例: [example.co.jp]。先頭に点を付けるとサブドメインも含みます。自組織宛てと外部宛てを見分けます。"},
	"site.internal_networks": {false,
		"Networks of our own machines: mail from them is ours.",
		"自組織の機器のネットワーク。ここからのメールは自組織のメールです。"},
	"site.trusted_relays": {false,
		"Relays in front of this MTA whose Received field names the true client.",
		"この MTA の手前にあり、Received フィールドが真の送信元を示す中継サーバー。"},
	"site.submission_daemons": {false,
		"Values of the macro {daemon_name} that mean submission by our users.",
		"マクロ {daemon_name} の値のうち、自組織の利用者による送信を表すもの。"},
	"site.gateway": {false,
		"Name of this mail gateway as others see it; empty: the host's name.",
		"外から見たこのメールゲートウェイの名前。空ならホスト名。"},
	"site.authserv_id": {false,
		"The authserv-id of Authentication-Results fields that are to be believed (RFC 8601); empty: none.",
		"信用する Authentication-Results の authserv-id(RFC 8601)。空なら信用しません。"},
	"site.people": {false,
		"People of ours whose names are abused, such as [\"Taro Yamada <taro@example.com>\"]; a person may stand there under several names. Others are learned from the mail they send.",
		"名前を騙られやすい組織内の人。例: [\"山田 太郎 <taro@example.com>\"]。一人に複数の名前を書けます。ほかの人は送信メールから覚えます。"},
	"limits.message_bytes": {false,
		"Largest message that is inspected; what exceeds it is not, and the message is incomplete.",
		"検査するメールの最大の大きさ。超えた分は検査せず、そのメールは検査未了になります。"},
	"limits.header_bytes": {false,
		"Largest header of a message or part.",
		"メールまたはパートのヘッダーの最大の大きさ。"},
	"limits.memory_bytes": {false,
		"What one message or file keeps in memory before it goes to a file in the state folder.",
		"一つのメールまたはファイルをメモリーに置く上限。超えると状態フォルダーのファイルに移します。"},
	"limits.parts": {false,
		"Most MIME parts of a message.",
		"一通の MIME パート数の上限。"},
	"limits.depth": {false,
		"How deep archives, documents and messages may be nested.",
		"アーカイブ、文書、メールの入れ子の深さの上限。"},
	"limits.files": {false,
		"Most files of a message, those inside archives included.",
		"一通に含まれるファイル数の上限(アーカイブの中を含む)。"},
	"limits.unpacked_bytes": {false,
		"Most bytes that are unpacked for one message.",
		"一通のために展開する大きさの合計の上限。"},
	"limits.inspect_time": {false,
		"Most time that is spent on looking inside one message's files.",
		"一通のファイルの検査に使う時間の上限。"},
	"inspect.cache": {false,
		"How long the result of an attachment is remembered in memory for further mails with the same one; 0: not at all.",
		"添付ファイルの検査結果を、同じ添付の付いた別のメールのためにメモリーに覚えておく時間。0 なら覚えません。"},
	"inspect.cache_bytes": {false,
		"Most memory that these results take; beyond, those go that were not asked for longest.",
		"そのために使うメモリーの上限。超えると、最も長く使われていないものから忘れます。"},
	"rules.pack": {false,
		"Rule pack (YAML); empty: the built-in one.",
		"ルールファイル(YAML)。空なら内蔵のルール。"},
	"passwords.words": {false,
		"Passwords tried on locked files beside the words of the mail, such as those agreed with partners. Where one opens a file, its place in the list is told, not the word.",
		"暗号化ファイルに、メールの本文から拾った語に加えて試すパスワード。例: 取引先と取り決めたもの。開いたときは語そのものではなく、一覧の何番目かだけを記録します。"},
	"passwords.file": {false,
		"File with more of them, one a line in UTF-8.",
		"追加のパスワードを一行に一つ書いたファイル(UTF-8)。"},
	"passwords.time": {false,
		"Most processor time that is spent on trying passwords on one message's files, by estimate.",
		"一通のファイルにパスワードを試すのに使う処理時間(見積もり)の上限。"},
	"lists": {false,
		"Lists in files, such as [{name: feed, file: /etc/sekisho/feed.csv}]; also type (auto, sha256, sha1, md5, macro, domain, address, ip, url), format (auto, lines, csv, misp, stix), column (of CSV), use (block, allow, note). Changed files are read by themselves.",
		"ファイルに置いた一覧。例: [{name: feed, file: /etc/sekisho/feed.csv}]。他に type(auto、sha256、sha1、md5、macro、domain、address、ip、url)、format(auto、lines、csv、misp、stix)、column(CSV の列)、use(block、allow、note)。ファイルの変更は自動で反映します。"},
	"locked.keep": {true,
		"How long locked files of mail from outside are remembered, so that the mail with their password opens them, and passwords for files to come; 0s: not at all.",
		"外部から届いた暗号化ファイルと、メールに書かれたパスワードを覚えておく期間。別のメールで届くパスワードでファイルを開き、検査します。0s なら覚えません。"},
	"locked.max_bytes": {true,
		"Most bytes of them on disk.",
		"覚えておく合計の大きさの上限。"},
	"locked.max_sender_percent": {true,
		"Share of it that one sender, and one network, may take.",
		"一つの送信者、また一つの送信元ネットワークが占めてよい割合(%)。"},
	"locked.hold": {false,
		"How long a mail with a locked file waits for its password before it is delivered, such as 10m; 0s: it is delivered at once, marked.",
		"暗号化ファイル付きのメールの配送を、パスワードが届くまで待たせる時間。例: 10m。0s なら待たせず、印を付けて配送します。"},
	"outbound.window": {true,
		"Time in which the mails of one account, and of one machine, are counted.",
		"一つのアカウント、また一台の端末が送るメールを数える時間の幅。"},
	"outbound.mails": {true,
		"So many risky mails within the window are a burst: files that start by themselves, locked files with their password in the same mail, answers to nothing with a link to a document.",
		"この時間内に危険なメールがこの数に達すると大量送信とみなします。危険なメールとは、自動的に動くファイル、パスワードを同じメールに書いた暗号化ファイル、返信を装い文書へのリンクを含むものです。"},
	"outbound.carriers": {true,
		"So many different files that start by themselves within the window make an incident as well.",
		"この時間内に、自動的に動く異なるファイルがこの数に達した場合も、感染の疑いとして記録します。"},
	"outbound.shared_clients": {true,
		"Servers of ours through which many people send, such as webmail or an inner mail server: there an account counts, or the envelope sender, not the machine.",
		"ウェブメールや内部のメールサーバーなど、多くの人が共用する送信元。端末ではなくアカウント(なければエンベロープの差出人)ごとに数えます。"},
	"outbound.exempt_accounts": {true,
		"Accounts that are counted and never held for it, such as a program that sends payslips; whoever takes one over sends unhindered.",
		"数えるだけで止めないアカウント(例: 給与明細を送るシステム)。乗っ取られても止まらないため、必要最小限にしてください。"},
	"outbound.exempt_clients": {true,
		"The same for machines, by address or network.",
		"同じく、数えるだけで止めない端末のアドレスまたはネットワーク。"},
	"outbound.keep": {true,
		"How long incidents that were cleared are kept; open ones stay.",
		"解除した感染の疑いの記録を残す期間。未解除のものは残り続けます。"},
	"ledger.keep": {true,
		"How long conversations are remembered: Message-IDs, addressees and subjects of our mail; 0s: nothing is remembered.",
		"やり取りを覚えておく期間(送信メールの Message-ID、宛先、件名)。0s なら何も覚えません。"},
	"ledger.keep_correspondents": {true,
		"How long an address that we wrote to is remembered after the last mail.",
		"自組織から送ったことのある相手を、最後のメールから覚えておく期間。"},
	"ledger.max_mails": {true,
		"Most mails of conversations that are remembered; the oldest go first.",
		"やり取りとして覚えておくメールの数の上限。古いものから忘れます。"},
	"ledger.max_correspondents": {true,
		"Most addresses and organisations that we wrote to; strangers have half as much room of their own.",
		"覚えておく相手(アドレスと組織)の数の上限。送ったことのない相手には、別にその半分を使います。"},
	"ledger.max_bytes": {true,
		"What the memory of conversations may take, about; beyond it the oldest is forgotten before its time, strangers first.",
		"やり取りの記憶のおおよその大きさの上限。超えると、期限の前でも古いものから、知らない相手を先に忘れます。"},
	"ledger.timeout": {true,
		"How long a mail waits for the memory; what it does not say in time is unknown.",
		"一通の処理で記憶の応答を待つ時間。間に合わないことは不明として扱います。"},
	"ledger.hash_addresses": {true,
		"Addresses and domains are kept as keyed hashes only. Switching it, or another key, empties the memory of conversations.",
		"アドレスとドメインを鍵付きハッシュだけで保存します。切り替えたり鍵を替えたりすると、やり取りの記憶は空になります。"},
	"ledger.key_file": {true,
		"File with the key of these hashes, 32 bytes that only the daemon's user may read; it is made where it is missing. Empty: ledger.key in the state folder.",
		"そのハッシュの鍵のファイル(32 バイト、実行ユーザーだけが読めること)。なければ作ります。空なら状態フォルダーの ledger.key。"},
	"actions.quarantine": {false,
		"store: held mail goes to our own quarantine. hold: to the MTA's hold queue (postsuper -H releases it).",
		"store: 自前の隔離に保存する。hold: MTA の保留キューに置く(解放は postsuper -H)。"},
	"actions.mark_accepted": {false,
		"Accepted mail gets X-Sekisho-Verdict too.",
		"問題のないメールにも X-Sekisho-Verdict を付けます。"},
	"actions.subject_tag": {false,
		"Text put before the subject of tagged mail, such as \"[suspicious] \"; empty: never. It breaks DKIM signatures.",
		"疑わしいメールの件名の前に付ける文字列。例: \"[suspicious] \"。空なら付けません。DKIM 署名は壊れます。"},
	"actions.on_failure": {false,
		"The answer when we ourselves fail on a mail: tempfail or accept. In mode monitor always accept.",
		"本ソフト側の障害で判定できないときの応答。tempfail または accept。monitor では常に accept。"},
	"actions.on_failure_submission": {false,
		"The same for our users' submission, where mail programs do not retry: accept, tempfail or reject.",
		"利用者の送信に対する同様の応答(メールソフトは再送しない)。accept、tempfail または reject。"},
	"quarantine.max_bytes": {true,
		"Most bytes the quarantine holds.",
		"隔離する合計の大きさの上限。"},
	"quarantine.max_messages": {true,
		"Most messages the quarantine holds.",
		"隔離する通数の上限。"},
	"quarantine.max_source_percent": {true,
		"Share of both that one source may take, so that one sender cannot fill it.",
		"一つの送信元が占めてよい割合(%)。一つの送信元に埋め尽くされるのを防ぎます。"},
	"quarantine.min_free_bytes": {true,
		"Bytes that stay free on its disk.",
		"隔離先のディスクに残しておく空き容量。"},
	"quarantine.retention": {true,
		"How long a message is held before it expires.",
		"隔離しておく期間。過ぎると期限切れになります。"},
	"quarantine.keep_released": {true,
		"How long a released message can be released again.",
		"解放したメールを再び解放できる期間。"},
	"quarantine.keep_records": {true,
		"How long the record of a message that is gone stays.",
		"なくなったメールの記録を残す期間。"},
	"release.smtp": {false,
		"HOST:PORT to which released mail is sent: a listener of our MTA, best one without filters.",
		"解放したメールの送り先 HOST:PORT。自組織の MTA の、できればフィルターなしの口。"},
	"release.clients": {false,
		"Networks from which a release mark is honoured: where sekisho's own connection to release.smtp comes from.",
		"解放の印を認める接続元ネットワーク。release.smtp に届く、本ソフト自身の接続元アドレスです。"},
	"release.valid": {false,
		"How long a release mark is good for.",
		"解放の印の有効期間。"},
	"release.helo": {false,
		"Name given in EHLO when releasing; empty: the host's name.",
		"解放時の EHLO で名乗る名前。空ならホスト名。"},
	"notices.postmaster": {true,
		"Address that gets a batched notice of held mail; empty: none.",
		"隔離の通知をまとめて送る宛先。空なら送りません。"},
	"notices.from": {true,
		"From address of notices; empty: the postmaster's.",
		"通知の差出人アドレス。空なら notices.postmaster。"},
	"notices.every": {true,
		"How often notices are sent.",
		"通知を送る間隔。"},
	"notices.recipients": {true,
		"Our recipients are told of mail held from them.",
		"自組織の受信者にも、隔離されたことを知らせます。"},
	"notices.smtp": {true,
		"HOST:PORT to which notices are sent; empty: release.smtp.",
		"通知の送り先 HOST:PORT。空なら release.smtp。"},
	"audit.file": {true,
		"File with one JSON record a message; empty: audit.jsonl in the state folder.",
		"一通ごとに JSON を一行記録するファイル。空なら状態フォルダーの audit.jsonl。"},
	"trace.keep": {true,
		"How long the record of every message is kept that sekisho trace searches: who sent what to whom, and what became of it; 0s: not at all.",
		"sekisho trace が検索するメールの記録(誰が何を誰に送り、どう扱われたか)を残す期間。0s なら記録しません。"},
	"trace.max_bytes": {true,
		"Most bytes of it on disk; beyond, the oldest records go.",
		"記録に使うディスク容量の上限。超えると古い記録から消します。"},
	"log.level": {true,
		"debug, info, warn or error.",
		"debug、info、warn または error。"},
	"log.format": {true,
		"text or json.",
		"text または json。"},
}

// nearest returns the known key that was perhaps meant: the same last name in another section, or one within two typing errors.
func nearest(wrong string, known map[string]leaf) string {
	best, least := "", 3
	for key := range known {
		d := distance(wrong, key)
		if lastName(wrong) == lastName(key) {
			d = min(d, 2)
		}
		if d < least || d == least && best != "" && key < best {
			best, least = key, d
		}
	}
	return best
}

func lastName(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// distance is the Levenshtein distance, 3 for texts too long for it to matter.
func distance(a, b string) int {
	if len(a) > 64 || len(a)-len(b) > 2 || len(b)-len(a) > 2 { // no key is longer
		return 3
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
