package main

import (
	"strings"

	"github.com/alecthomas/kong"
)

// language picks "ja" or "en": the flag, else the locale as gettext reads it.
func language(flag string, getenv func(string) string) string {
	for _, v := range []string{flag, getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG")} {
		if v == "" || v == "auto" {
			continue
		}
		if strings.HasPrefix(strings.ToLower(v), "ja") {
			return "ja"
		}
		return "en"
	}
	return "en"
}

// flagLang finds --lang before the flags are parsed: the help itself is in that language.
func flagLang(args []string) string {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--lang="); ok {
			return v
		}
		if a == "--lang" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// text returns a text of the catalogue.
func text(lang, key string) string {
	t := catalogue[key]
	if lang == "ja" {
		return t.ja
	}
	return t.en
}

// translate puts texts in the place of their keys. Kong's own variables would do it too, in a tenth of a second.
func translate(app *kong.Application, lang string) {
	app.HelpFlag.Help = "help_help"
	put := func(help *string) {
		if t := text(lang, *help); t != "" { // a flag of all commands is visited with each
			*help = t
		}
	}
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error { // the visitor has no errors
		switch n := node.(type) {
		case *kong.Flag:
			put(&n.Help)
		case *kong.Positional:
			put(&n.Help)
		case *kong.Node:
			put(&n.Help)
		}
		return next(nil)
	})
}

// catalogue holds every text that a person reads from the command line but for findings and rules, which bring their own.
var catalogue = map[string]struct{ en, ja string }{
	"about": {"A checkpoint for mail: holds Emotet-style messages before delivery.",
		"メールの関所。Emotet 型のメールを配送前に止めます。"},
	"see_help": {"Try: sekisho --help", "使い方: sekisho --help"},

	"help_config":  {"Configuration file (default /etc/sekisho/sekisho.yaml where it exists, else built-in defaults).", "設定ファイル(既定: /etc/sekisho/sekisho.yaml、なければ内蔵の既定値)"},
	"help_state":   {"State folder; wins over the file.", "状態フォルダー(設定ファイルより優先)"},
	"help_lang":    {"Language of what is printed.", "表示の言語"},
	"help_version": {"Print the version and exit.", "版を表示して終了"},

	"help_serve":        {"Run the milter until SIGTERM; SIGHUP reloads the configuration.", "milter を起動(SIGTERM で終了、SIGHUP で設定を再読み込み)"},
	"help_listen":       {"unix:/path or inet:PORT@HOST; wins over the file.", "unix:/パス または inet:ポート@ホスト(設定ファイルより優先)"},
	"help_web":          {"HOST:PORT for metrics and health; wins over the file.", "メトリクスと健康状態の HOST:PORT(設定ファイルより優先)"},
	"help_scan":         {"Look at mails, mboxes, folders, documents and archives. Exit status: 0 all accept, 1 another verdict, 2 error.", "メール・mbox・フォルダー・文書・アーカイブを検査(終了値 0 すべて accept、1 それ以外の判定、2 エラー)"},
	"help_json":         {"Print JSON, one object a line.", "JSON で表示(1 行に 1 件)"},
	"help_help":         {"Show this help.", "この使い方を表示"},
	"help_macros":       {"With --json: print the source of every macro.", "--json と共に: マクロのソースも表示"},
	"help_password":     {"Try this password first on locked archives and documents; may be given again.", "暗号化されたアーカイブや文書に最初に試すパスワード(複数指定可)"},
	"help_session":      {"The mail's SMTP session, a JSON file (default NAME.json beside NAME.eml).", "メールの SMTP セッション(JSON。既定は NAME.eml の隣の NAME.json)"},
	"help_scanpaths":    {"Files or folders.", "ファイルまたはフォルダー"},
	"help_replay":       {"Play the mails of a folder in order, each at its own time. Exit status as scan.", "フォルダーのメールを順に、それぞれの時刻で再生(終了値は scan と同じ)"},
	"help_compare":      {"Say what this rule pack would have held or let through instead. Exit status: 0 nothing, 1 differences, 2 error.", "この規則パックなら何を止め、何を通したかを表示(終了値 0 相違なし、1 相違あり、2 エラー)"},
	"help_history":      {"With --compare: over the quarantine and the audit log.", "--compare と共に: 隔離したメールと監査ログを対象にする"},
	"help_folder":       {"The folder.", "フォルダー"},
	"help_quarantine":   {"Review what is held.", "隔離したメールの確認"},
	"help_rules":        {"Look at rule packs: what they say, whether they hold, why a mail gets its verdict.", "規則パックの一覧、検査、テスト、説明"},
	"help_ruleslist":    {"List the rules of a pack.", "規則の一覧"},
	"help_rulescheck":   {"Check a pack. Exit status: 0 good, 1 warnings only, 2 errors.", "規則パックを検査(終了値 0 良好、1 警告のみ、2 エラー)"},
	"help_rulestest":    {"Run the tests of a pack, by facts and by mails. Exit status: 0 all pass, 1 some fail, 2 error.", "規則パックのテストを実行(終了値 0 すべて合格、1 不合格あり、2 エラー)"},
	"help_rulesexplain": {"Explain a rule, or which rules match a mail, which nearly do, and why.", "規則の説明、またはメールに当てはまる規則・惜しい規則とその理由"},
	"help_pack":         {"The pack's file, or default for the built-in one (default: rules.pack of the configuration).", "規則パックのファイル。default は組み込みのもの(既定: 設定の rules.pack)"},
	"help_ruleormail":   {"Names of rules; mails, files or folders.", "規則名、またはメール・ファイル・フォルダー"},
	"help_mode": {"Print the mode in force and why, or order another one; a running daemon follows within two seconds.",
		"有効なモードとその理由を表示、または変更(動作中のデーモンは 2 秒以内に従います)"},
	"help_modeword":    {"monitor, tag or enforce; default: what the configuration says.", "monitor、tag、enforce のいずれか。default で設定ファイルの値に戻す"},
	"help_modereason":  {"Why; sekisho mode prints it.", "理由(sekisho mode で表示されます)"},
	"help_allow":       {"Let the macros of one document pass, from one sender to one recipient.", "特定の文書のマクロを、特定の差出人から特定の宛先へ通す"},
	"help_allowadd":    {"Set the findings of a document's macros aside for mail from a proven sender to a recipient. Nothing else is excused, and no sender as a whole.", "認証された差出人から宛先へのメールで、文書のマクロに関する所見を除外(ほかの所見は除外せず、差出人全体の許可はできません)"},
	"help_allowlist":   {"List what is allowed, expired entries too.", "許可の一覧(期限切れを含む)"},
	"help_allowremove": {"Remove entries.", "登録を削除"},
	"help_block":       {"Block files, macros, addresses, domains and networks by hand.", "ファイル・マクロ・アドレス・ドメイン・ネットワークを手動で遮断"},
	"help_blockadd":    {"Add entries; running daemons know them within two seconds.", "登録(動作中のデーモンにも 2 秒以内に反映)"},
	"help_blocklist":   {"List what is blocked, expired entries too.", "遮断の一覧(期限切れを含む)"},
	"help_blockremove": {"Remove entries.", "登録を削除"},
	"help_entryreason": {"Why; it is kept with the entry.", "理由(登録とともに保存)"},
	"help_owner":       {"Who answers for the entry; default the login name.", "登録の責任者(既定はログイン名)"},
	"help_expires":     {"When it ends: 90d, 12h, or a date. Default of allow: 90d, at most a year; of block: never.", "期限(90d、12h、または日付)。既定は allow が 90d(最長 1 年)、block は無期限"},
	"help_renew":       {"Where there is such an entry, give it the new reason, owner and end.", "同じ登録があれば、理由・責任者・期限を更新"},
	"help_macrohash":   {"Macro fingerprint (macro_sha256 of scan --json).", "マクロのフィンガープリント(scan --json の macro_sha256)"},
	"help_fromfile":    {"Take the fingerprint of this document's macros.", "この文書のマクロのフィンガープリントを使う"},
	"help_fromheld":    {"Take fingerprint, sender and recipients from this held mail, unless given.", "この隔離メールからフィンガープリント・差出人・宛先を取る(指定があればそれを優先)"},
	"help_allowsender": {"From address, or @domain of an organisation.", "From のアドレス、または組織の @ドメイン"},
	"help_allowrcpt":   {"Recipient, or @domain; may be given again.", "宛先のアドレスまたは @ドメイン(複数指定可)"},
	"help_entryids":    {"Numbers of entries, as list shows them.", "登録の番号(list で表示されるもの)"},
	"help_blocktype":   {"What the values are: auto, sha256, sha1, md5, macro, domain, address, ip or url. auto tells all but macro by their form.", "値の種類: auto、sha256、sha1、md5、macro、domain、address、ip、url。auto は形から判断(macro を除く)"},
	"help_blockvalues": {"SHA-256, SHA-1 or MD5 of a file, macro fingerprint, address, @domain, domain, IP address or network, URL.", "ファイルの SHA-256・SHA-1・MD5、マクロのフィンガープリント、アドレス、@ドメイン、ドメイン、IP アドレスまたはネットワーク、URL"},

	"le_owner":        {"an entry needs an owner (--owner)", "責任者が必要です(--owner)"},
	"le_reason":       {"an entry needs a reason (--reason)", "理由が必要です(--reason)"},
	"le_expiry":       {"the end lies in the past, or more than a year ahead", "期限が過去、または 1 年より先です"},
	"le_time":         {"--expires: want a time such as 90d, 12h or 2027-03-31", "--expires: 90d、12h、2027-03-31 のように指定してください"},
	"le_sender":       {"whose mail? Give --sender, an address or the @domain of an organisation", "差出人が必要です。--sender にアドレスまたは組織の @ドメインを指定してください"},
	"le_rcpt":         {"to whom? Give --recipient, an address or @domain", "宛先が必要です。--recipient にアドレスまたは @ドメインを指定してください"},
	"le_macro":        {"which macro? Give --macro, --from-file or --quarantine. A whole sender cannot be allowed: Emotet writes in the names of real correspondents, so that such an entry would let in the very mails that this gateway is for", "どのマクロですか。--macro、--from-file、--quarantine のいずれかを指定してください。差出人全体の許可はできません。Emotet は実在の取引先を名乗るため、そのような許可は本来止めるべきメールを通してしまいます"},
	"le_stranger":     {"everybody can have an address in this domain: give a whole address", "誰でもアドレスを持てるドメインです。アドレス全体を指定してください"},
	"le_known":        {"there is such an entry; --renew gives it a new reason, owner and end", "同じ登録があります。--renew で理由・責任者・期限を更新できます"},
	"le_none":         {"there is no such entry", "そのような登録はありません"},
	"le_full":         {"too many entries by hand: put them into a file (lists in the configuration)", "手動の登録が多すぎます。ファイルの一覧(設定の lists)を使ってください"},
	"le_form":         {"not of this type: want a whole hash, address, @domain, domain, IP address, network or URL", "種類が違います。ハッシュ・アドレス・@ドメイン・ドメイン・IP アドレス・ネットワーク・URL の全体を指定してください"},
	"le_long":         {"too long", "長すぎます"},
	"le_broad":        {"too broad: nobody's own domain or network", "広すぎます。特定の組織のドメインやネットワークではありません"},
	"le_notype":       {"neither a hash, an address, a domain, an IP address nor a URL", "ハッシュ・アドレス・ドメイン・IP アドレス・URL のいずれでもありません"},
	"le_unaudited":    {"entry %d is changed, but the audit log could not be written: %w", "登録 %d は変更しましたが、監査記録を書けませんでした: %w"},
	"le_forever":      {"without end", "無期限"},
	"le_until":        {"until %s", "%s まで"},
	"le_ended":        {"ended %s", "%s に期限切れ"},
	"le_empty":        {"There are no entries.", "登録はありません。"},
	"le_nomacro":      {"no macros were found in it", "マクロが見つかりません"},
	"le_macros":       {"%d files with different macros are in it; choose one:%s", "異なるマクロを持つファイルが %d 個あります。一つ選んでください:%s"},
	"le_unproven":     {"note: the sender %s of this mail is not proven (%s); the entry counts only for mail whose sender is, by SPF, DKIM or DMARC", "注意: このメールの差出人 %s は認証されていません(%s)。この登録は SPF、DKIM、DMARC で認証されたメールにのみ有効です"},
	"le_auth_unknown": {"our gateway says nothing of it: is site.authserv_id set?", "ゲートウェイの認証結果がありません。site.authserv_id の設定を確認してください"},
	"le_auth_none":    {"nothing passed", "認証に成功したものがありません"},
	"le_auth_fail":    {"authentication failed", "認証に失敗"},
	"help_configcmd":  {"Check or print the configuration.", "設定の検査と表示"},
	"help_check":      {"Check the configuration. Exit status: 0 good, 1 warnings only, 2 errors.", "設定を検査(終了値 0 良好、1 警告のみ、2 エラー)"},
	"help_showcfg":    {"Print the configuration in force, defaults included.", "有効な設定を既定値も含めて表示"},
	"help_health":     {"Ask a running sekisho whether it is ready. Exit status: 0 ready, 2 not.", "動作中の sekisho に準備状態を問い合わせ(終了値 0 準備完了、2 それ以外)"},
	"help_list":       {"List held messages.", "隔離中のメールの一覧"},
	"help_all":        {"Also released, deleted, expired and lost ones.", "解放・削除・期限切れ・消失も含める"},
	"help_show":       {"Explain one held message: what was found, where, and why it matters.", "隔離したメールを説明(何が、どこに、なぜ問題か)"},
	"help_release":    {"Deliver held messages exactly as they came, through the MTA.", "隔離したメールを MTA 経由で元のまま配送"},
	"help_delete":     {"Delete held messages for good; their records stay.", "隔離したメールを削除(記録は残ります)"},
	"help_export":     {"Write the exact bytes of a held message to a file (\"-\": standard output).", "隔離したメールをそのままファイルへ書き出す(「-」は標準出力)"},
	"help_verify":     {"Read every held message and compare the index with the folder. Exit status 1: differences.", "隔離中の全メールを読み、索引とフォルダーを照合(相違があれば終了値 1)"},
	"help_ids":        {"Ids, or unique beginnings of them or of the letters after the hyphen.", "ID(ハイフンの後、または一意に決まる先頭部分でも可)"},
	"help_id":         {"Id, or a unique beginning of it or of the letters after the hyphen.", "ID(ハイフンの後、または一意に決まる先頭部分でも可)"},
	"help_to":         {"Only to these of its recipients.", "この宛先だけに配送"},
	"help_reason":     {"Why; it is recorded.", "理由(記録されます)"},
	"help_as":         {"Who; default the login name. It is recorded.", "実行者(既定はログイン名。記録されます)"},
	"help_again":      {"Even if it was released before.", "解放済みでも再度配送"},
	"help_output":     {"The file.", "書き出し先"},
	"help_repair":     {"Mend the index; a lost one is rebuilt from the held messages.", "索引を修復(失われた索引は隔離中のメールから再構築)"},

	"clean":    {"nothing found", "検出なし"},
	"file":     {"file", "ファイル"},
	"verdict":  {"verdict", "判定"},
	"rule":     {"rule", "規則"},
	"no_state": {"no quarantine in %s (right --state or -c?): %w", "%s に隔離領域がありません(--state または -c を確認してください): %w"},
	"no_permission": {"no access to %s; run this as root or as the daemon's user: %w",
		"%s にアクセスできません。root またはデーモンのユーザーで実行してください: %w"},
	"n_failed":  {"%d of %d failed", "%d 件が失敗(全 %d 件)"},
	"list_head": {"ID\tHELD\tSTATE\tDIRECTION\tFROM\tTO\tRULE\tSUBJECT", "ID\t日時\t状態\t方向\t差出人\t宛先\t規則\t件名"},
	"deleted":   {"%s deleted", "%s を削除しました"},
	"released":  {"%s released to <%s>", "%s を <%s> へ解放しました"},
	"unsent":    {"%s not released to <%s>: %s", "%s を <%s> へ解放できませんでした: %s"},
	"unknown": {"%s may have been released to <%s>, the MTA's log knows: %s",
		"%s は <%s> へ解放された可能性があります。MTA のログを確認してください: %s"},
	"relay": {"sekisho: releases go to release.smtp (%s): does the MTA listen there?",
		"sekisho: 解放したメールは release.smtp(%s)へ送ります。MTA がそこで待ち受けているか確認してください"},
	"mended":        {"mended", "修復済み"},
	"verified":      {"%d files, %d rows, %d problems", "ファイル %d 件、索引 %d 件、問題 %d 件"},
	"cfg_bad":       {"the configuration has errors", "設定に誤りがあります"},
	"cfg_good":      {"The configuration is good.", "設定に問題はありません。"},
	"cfg_warned":    {"No errors. The configuration works; the warnings say what it lacks.", "エラーはありません。この設定で動作しますが、警告の内容を確認してください。"},
	"rules_head":    {"RULE\tACTION\tPOLICIES\tTITLE", "規則\t動作\t方針\t意味"},
	"tests_head":    {"RULE\tTESTS\tFAILED\tCOST", "規則\tテスト\t不合格\tコスト"},
	"monitored":     {"monitor", "監視のみ"},
	"whole_pack":    {"(the whole pack)", "(パック全体)"},
	"tests_done":    {"%d tests by facts, %d by mails; %d failures", "事実によるテスト %d 件、メールによるテスト %d 件、不合格 %d 件"},
	"pack_bad":      {"the rule pack has %d errors", "規則パックに %d 件の誤りがあります"},
	"pack_good":     {"%s is good: %d rules, %d policies.", "%s に問題はありません(規則 %d 件、方針 %d 件)。"},
	"level_error":   {"error", "エラー"},
	"level_warning": {"warning", "警告"},
	"answer_match":  {"matches", "該当"},
	"answer_near":   {"nearly", "惜しい"},
	"answer_failed": {"failed", "評価失敗"},
	"no_rule":       {"no rule matches, or nearly does", "該当する規則も、惜しい規則もありません"},
	"r_when":        {"Condition", "条件"},
	"r_variables":   {"Facts", "参照する事実"},
	"r_policies":    {"Changed by policies", "変更する方針"},
	"r_policy":      {"policy", "方針"},
	"r_place":       {"Place", "場所"},
	"r_tests":       {"Tests", "テスト数"},
	"r_cost":        {"cost", "コスト"},
	"r_attack":      {"ATT&CK", "ATT&CK"},
	"r_reference":   {"Reference", "参考"},

	"replay_what":  {"what is to be played? Name a folder; --history goes with --compare", "フォルダーを指定してください(--history は --compare と共に使います)"},
	"compare_head": {"MAIL\tCHANGE\tOLD\tNEW\tFROM\tSUBJECT", "メール\t変化\t変更前\t変更後\t差出人\t件名"},
	"compared":     {"%d mails, %d judged otherwise", "メール %d 件、判定の相違 %d 件"},
	"unreproduced": {"%d recorded verdicts are not what the pack in force says of the recorded facts (marked ?): another pack was in force then, or facts are missing",
		"記録された判定のうち %d 件は、記録された事実から現在のパックで再現できません(? 印)。当時のパックが違うか、事実が欠けています"},
	"without_facts":      {"%d records are of a version that did not record: %s", "%d 件の記録は、次の事実を記録しない版のものです: %s"},
	"change_let-through": {"let through", "通過へ"},
	"change_held":        {"held", "隔離へ"},
	"change_milder":      {"milder", "緩和"},
	"change_harder":      {"harder", "厳格化"},
	"change_recipients":  {"some recipients", "一部の宛先"},
	"change_rule":        {"other rule", "規則のみ"},

	"mode_configured": {"%s, as the configuration says", "%s(設定のとおり)"},
	"mode_ordered": {"%[1]s, ordered by %[2]s at %[3]s; the configuration says %[4]s (back to it: sekisho mode default)",
		"%[1]s(%[3]s に %[2]s が変更。設定では %[4]s。戻すには: sekisho mode default)"},
	"mode_unknown": {"there is no mode %q: use monitor, tag, enforce, or default", "%q というモードはありません(monitor、tag、enforce、default のいずれか)"},
	"mode_why":     {"\nwhy: %s", "\n理由: %s"},
	"ready":        {"ready", "準備完了"},
	"list_read":    {"list %s: %d entries; left out %d, unsupported %d, unreadable %d", "一覧 %s: %d 件(対象外 %d、未対応 %d、読めない行 %d)"},

	"l_state":      {"State", "状態"},
	"l_inmta":      {"Held by the MTA; to let it go", "MTA の保留キュー。解放するには"},
	"l_earlier":    {"Its password opens a hostile file of an earlier mail", "このメールのパスワードで開いた、先のメールの危険なファイル"},
	"delivered_to": {"delivered to %s", "配送済み: %s"},
	"waited_for":   {"held back from %s", "配送を止めた宛先: %s"},
	"l_waits":      {"Waits", "待機"},
	"goes_on":      {"for its password; delivered by itself at %s", "パスワード待ち。%s に自動で配送します"},
	"waits":        {"waits until %s", "%s まで待機"},
	"l_held":       {"Held", "隔離期間"},
	"l_direction":  {"Direction", "方向"},
	"l_client":     {"Client", "接続元"},
	"l_account":    {"Account", "アカウント"},
	"l_sender":     {"Sender", "エンベロープ差出人"},
	"l_rcpt":       {"Recipient", "宛先"},
	"l_from":       {"From", "From"},
	"l_subject":    {"Subject", "件名"},
	"l_msgid":      {"Message-ID", "Message-ID"},
	"l_size":       {"Bytes", "バイト数"},
	"l_file":       {"Attachment", "添付ファイル"},
	"l_rule":       {"Rule", "規則"},

	"e_notfound":    {"no held message has this id; try: sekisho quarantine list --all", "この ID のメールはありません(確認: sekisho quarantine list --all)"},
	"e_ambiguous":   {"more than one message has an id that begins like this", "この文字列で始まる ID が複数あります"},
	"e_released":    {"released before, or a release is under way; --again releases once more", "解放済み、または解放の処理中です(再度解放するには --again)"},
	"e_state":       {"deleted, expired or lost; its record: sekisho quarantine list --all", "削除、期限切れまたは消失しています(記録: sekisho quarantine list --all)"},
	"e_unsendable":  {"SMTP cannot carry it unchanged (a bare line feed); quarantine export writes it to a file", "SMTP では元のまま送れません(CR のない LF)。quarantine export でファイルに書き出せます"},
	"e_damaged":     {"the file is damaged; see: sekisho quarantine verify", "ファイルが破損しています(確認: sekisho quarantine verify)"},
	"e_undelivered": {"not released to every recipient; it stays held for the rest", "解放できなかった宛先があります。その分は隔離したままです"},
	"e_perhaps": {"an earlier release broke off and may have been delivered; look into the MTA's log, then use --again, or --to for the others",
		"以前の解放が途中で切れ、配送された可能性があります。MTA のログを確認し、必要なら --again を、ほかの宛先だけなら --to を指定してください"},
	"next": {"\nsekisho quarantine release %[1]s --reason TEXT   deliver it as it came\nsekisho quarantine delete  %[1]s --reason TEXT   delete it for good\n",
		"\nsekisho quarantine release %[1]s --reason 理由   元のまま配送\nsekisho quarantine delete  %[1]s --reason 理由   削除\n"},

	"v_no-row":    {"held, but not in the index", "隔離中だが索引にない"},
	"v_no-file":   {"in the index, but the file is gone", "索引にあるがファイルがない"},
	"v_damaged":   {"cut or changed; left alone", "途中で切れているか変更されている(そのまま)"},
	"v_gone":      {"ended by its record, but the file is still there", "記録では終了しているがファイルが残っている"},
	"v_foreign":   {"not a held message; left alone", "隔離メールではない(そのまま)"},
	"v_leftover":  {"left by a daemon that was killed; the next start removes it", "強制終了時の残り(次の起動時に削除)"},
	"v_abandoned": {"storing was broken off; the MTA has the mail", "保存が中断された(メールは MTA にある)"},

	"n_unread":     {"%d not looked at", "%d 件は検査できませんでした"},
	"incomplete":   {"not fully inspected", "検査未了"},
	"none_held":    {"Nothing is held.", "隔離中のメールはありません。"},
	"not_enforced": {"not enforced", "未適用"},

	"help_hosts":         {"Which of our machines and accounts look infected: what the gateway saw, and EmoCheck's word. Exit status: 0 none, 1 some, 2 error.", "感染が疑われる端末とアカウントの一覧(ゲートウェイの記録と EmoCheck の結果。終了値 0 なし、1 あり、2 エラー)"},
	"help_hostslist":     {"List machines, accounts and addresses, the worst first. Exit status: 0 none looks infected, 1 some do, 2 error.", "端末・アカウント・アドレスを深刻な順に表示(終了値 0 疑いなし、1 疑いあり、2 エラー)"},
	"help_hostsshow":     {"Everything about a machine, an account or an address, and who received what from it. Exit status as list.", "端末・アカウント・アドレスの詳細と、そこから誰が何を受け取ったか(終了値は list と同じ)"},
	"help_hostsreceived": {"Who received mail from what looks infected, by the record of messages. Exit status: 0 nobody, 1 somebody, 2 error.", "感染が疑われるものから送られたメールを誰が受け取ったか(メールの記録から。終了値 0 なし、1 あり、2 エラー)"},
	"help_rsince":        {"From then on (as in trace); default a day before the first sign.", "この時刻以降(trace と同じ書き方。既定は最初の記録の 1 日前)"},
	"help_rall":          {"Also copies that did not arrive.", "届いていない写しも含める"},
	"help_rrecipients":   {"Print only the addresses of those who have a copy, each once.", "届いた宛先のアドレスだけを重複なく表示"},
	"help_rwho":          {"Machine, account or address; default all that look infected.", "端末名・アカウント・アドレス(既定は感染が疑われるものすべて)"},
	"r_head":             {"TIME\tSTATE\tTO\tSENT BY\tMESSAGE-ID\tFILES\tSUBJECT", "日時\t状態\t宛先\t送信元\tMESSAGE-ID\tファイル\t件名"},
	"r_total":            {"%d messages, %d copies shown; %d people have one", "メール %d 通、表示した写し %d 件、届いた相手 %d 人"},
	"r_cut":              {"sekisho: more than %d messages; ask for fewer with --since or one name", "sekisho: %d 通を超えています。--since や名前の指定で絞り込んでください"},
	"help_hostsimport":   {"Take in EmoCheck reports and a CSV inventory. Exit status: 0 done, 1 an infection, or something was not taken, 2 error.", "EmoCheck の結果と CSV の端末台帳を取り込む(終了値 0 完了、1 感染の報告または取り込めないものあり、2 エラー)"},
	"help_hostsclear":    {"Lift the hold on an account or address whose machine has been cleaned.", "対処の済んだアカウントまたはアドレスの送信保留を解除"},
	"help_hostsall":      {"Also those that EmoCheck found clean.", "EmoCheck で検知のなかった端末も含める"},
	"help_csv":           {"Print CSV with a header row (RFC 4180).", "見出し行のある CSV で表示(RFC 4180)"},
	"help_bom":           {"Print CSV with a byte order mark in front, so that Excel reads UTF-8.", "Excel が UTF-8 と認識できるよう BOM を付けた CSV で表示"},
	"help_hostsreplace":  {"The inventories given are all machines that there are: forget the others. Reports stay.", "指定した台帳をすべての端末とみなし、載っていない端末を忘れる(結果は残ります)"},
	"help_hostspaths":    {"Reports, inventories, or folders with them.", "EmoCheck の結果、台帳、またはそれらのあるフォルダー"},
	"help_who":           {"Machine, account or address.", "端末名・アカウント・アドレス"},
	"help_clearwho":      {"Account, address or machine.", "アカウント・アドレス・端末名"},

	"hosts_head": {"STATE\tMACHINE\tACCOUNT\tADDRESS\tSINCE\tAT THE GATEWAY\tEMOCHECK", "状態\t端末\tアカウント\tアドレス\t開始\tゲートウェイの記録\tEMOCHECK"},
	"hosts_none": {"Nothing is known of any machine yet. Begin with: sekisho hosts import INVENTORY.csv REPORTS", "端末の情報がまだありません。まず取り込んでください: sekisho hosts import 台帳.csv 結果のフォルダー"},
	"comma":      {", ", "、"},
	"unchecked":  {"not checked yet", "未確認"},
	"impersonated": {"Impersonated: bounces and answers come to mail that we never sent. Our names are abused elsewhere; that is no sign of an infection here.",
		"なりすまし被害: 当方が送っていないメールへの不達通知や返信が届いています。外部で名前が悪用されているもので、組織内の感染を示すものではありません。"},

	"hs_infected":     {"infected", "感染"},
	"hs_suspected":    {"suspected", "感染の疑い"},
	"hs_impersonated": {"impersonated", "なりすまし被害"},
	"hs_unchecked":    {"unchecked", "未確認"},
	"hs_clean":        {"clean", "検知なし"},
	"hx_infected": {"EmoCheck found Emotet running. Take the machine off the network, save what the police or your insurer needs, set it up anew, and change every password used on it.",
		"EmoCheck が動作中の Emotet を検知しました。端末をネットワークから切り離し、必要な証拠を保全したうえで初期化し、その端末で使ったすべてのパスワードを変更してください。"},
	"hx_suspected": {"The gateway saw it send as infected machines do, and nobody has cleared that. Run EmoCheck there; where it finds nothing the password may be stolen: change it.",
		"感染した端末に特有の送信をゲートウェイが記録し、まだ解除されていません。EmoCheck を実行してください。検知されない場合もパスワードの窃取が考えられるため、変更してください。"},
	"hx_impersonated": {"Nothing here points to an infection. Tell those who ask that the mails do not come from you.",
		"感染を示すものはありません。問い合わせには、そのメールが当方から送られたものではないことを伝えてください。"},
	"hx_unchecked": {"Nothing was seen of it, and EmoCheck has not been run there.", "不審な記録はありませんが、EmoCheck がまだ実行されていません。"},
	"hx_clean":     {"EmoCheck found nothing, and the gateway saw nothing.", "EmoCheck の検知はなく、ゲートウェイにも不審な記録はありません。"},

	"hb_burst":     {"burst: %d risky mails to %d", "大量送信: 危険なメール %d 通、宛先 %d 件"},
	"hb_carriers":  {"several carriers: %d risky mails to %d", "危険なファイルの連続送信: メール %d 通、宛先 %d 件"},
	"hb_slow":      {"carriers all day: %d risky mails to %d", "危険なファイルの継続送信: メール %d 通、宛先 %d 件"},
	"hb_abused":    {"impersonated: %d bounces", "なりすまし: 不達通知など %d 通"},
	"hb_cleared":   {"cleared", "解除済み"},
	"hb_clearedby": {"cleared %s by %s: %s", "%s に %s が解除: %s"},
	"he_clean":     {"clean", "検知なし"},
	"he_infected":  {"infected", "感染"},
	"he_before":    {"(checked before it)", "(不審な送信より前の検査)"},
	"was_infected": {"infected before: %s – %s", "以前の感染: %s – %s"},

	"l_machine":  {"Machine", "端末"},
	"l_address":  {"Address", "アドレス"},
	"l_hints":    {"Perhaps", "端末の候補"},
	"l_since":    {"Since", "期間"},
	"l_emocheck": {"EmoCheck", "EmoCheck"},
	"l_incident": {"At the gateway", "ゲートウェイの記録"},
	"l_abused":   {"Abused name", "悪用された名前"},

	"s_delivered": {"delivered", "配送済み"},
	"s_held":      {"held as %s", "%s として隔離"},
	"s_stopped":   {"not delivered", "未配送"},
	"host_next":   {"  Who has mail of it: sekisho hosts received %[1]s\n  When it is clean: sekisho hosts clear %[1]s --why TEXT\n", "  届いた相手: sekisho hosts received %[1]s\n  対処後の解除: sekisho hosts clear %[1]s --why 理由\n"},

	"host_unknown": {"nothing is known of: %s", "情報がありません: %s"},
	"cleared":      {"%s: cleared (%d)", "%s: 解除しました(%d 件)"},
	"not_cleared":  {"sekisho: %s: nothing is held against it", "sekisho: %s: 保留はありません"},

	"hi_reports":        {"%d EmoCheck reports, %d of them new, %d of an infection", "EmoCheck の結果 %d 件(新規 %d 件、感染 %d 件)"},
	"hi_inventory":      {"%d machines in %d inventories, %d forgotten", "端末 %d 台(台帳 %d 件)、削除した端末 %d 台"},
	"hi_foreign":        {"other files, passed over", "無関係なファイル(対象外)"},
	"hi_unfinished":     {"EmoCheck report without its result: cut off?", "結果の書かれていない EmoCheck のファイル(途中で切れている可能性)"},
	"hi_nameless":       {"no computer name, neither in it nor in the name of its file or folder", "端末名が、内容にもファイル名・フォルダー名にもない"},
	"hi_undated":        {"clean, but without a time, or from the future: not taken", "検知なしだが日時がないか未来の日時(取り込まない)"},
	"hi_large":          {"larger than any report or inventory", "大きすぎるファイル"},
	"hi_unread":         {"could not be read", "読み取れない"},
	"hi_full":           {"no room for more machines", "端末数の上限に達している"},
	"help_trace":        {"Search the record of every message; with FILE: who received this file. Exit status: 0 found, 1 nothing found, 2 error.", "全メールの記録を検索。ファイルを指定すると、それを受け取った人を表示(終了値 0 あり、1 なし、2 エラー)"},
	"help_t_sender":     {"Envelope sender or From: an address or a domain.", "差出人(エンベロープまたは From)のアドレスまたはドメイン"},
	"help_t_recipient":  {"A recipient: an address or a domain.", "宛先のアドレスまたはドメイン"},
	"help_t_address":    {"Sender or recipient: an address or a domain.", "差出人または宛先のアドレスまたはドメイン"},
	"help_t_messageid":  {"Message-ID, with or without angle brackets.", "Message-ID(山括弧はなくてもよい)"},
	"help_t_subject":    {"The whole subject, without regard to Re:, letter case and width.", "件名の全体(Re: や大文字小文字、全角半角は区別しません)"},
	"help_t_contains":   {"Text in the subject, a file's name or an address; read record by record, so give --since too.", "件名・ファイル名・アドレスに含まれる文字列(順に読むため --since との併用を勧めます)"},
	"help_t_sha256":     {"Digest of a mail, an attachment or a file in one; may be given again.", "メール、添付ファイル、またはその中のファイルの SHA-256(複数指定可)"},
	"help_t_macros":     {"Macro fingerprint (macro_sha256); may be given again.", "マクロのフィンガープリント(macro_sha256。複数指定可)"},
	"help_t_name":       {"Name of a file.", "ファイル名"},
	"help_t_queueid":    {"The MTA's queue id.", "MTA のキュー ID"},
	"help_t_quarantine": {"Quarantine id: the mail that was held, and its release.", "隔離 ID(隔離されたメールと、その解放)"},
	"help_t_client":     {"Address of the client that sent it.", "送信元の IP アドレス"},
	"help_t_account":    {"Account that sent it.", "送信に使われたアカウント"},
	"help_t_rule":       {"The rule that decided.", "判定した規則"},
	"help_t_verdict":    {"accept, tag, disarm, quarantine, reject or tempfail.", "accept、tag、disarm、quarantine、reject または tempfail"},
	"help_t_direction":  {"in, out or internal.", "in、out または internal"},
	"help_t_since":      {"From then on: 2h or 7d ago, 2026-11-23, \"2026-11-23 09:00\", RFC 3339.", "この時刻以降(2h や 7d は現在からさかのぼる。2026-11-23、\"2026-11-23 09:00\"、RFC 3339)"},
	"help_t_until":      {"Up to then; a date takes the whole day in.", "この時刻まで(日付だけならその日の終わりまで)"},
	"help_t_before":     {"Go on behind this record: the next page.", "この番号の記録より前(次のページ)"},
	"help_t_limit":      {"Most messages shown; 0: all. Default 50, all where files are asked for.", "表示する最大通数(0 は全部。既定は 50、ファイルを指定したときは全部)"},
	"help_t_messageids": {"Print only mailbox and Message-ID of each delivered copy.", "配送済みの写しごとに、メールボックスと Message-ID だけを表示"},
	"help_t_doveadm":    {"Print the doveadm commands that remove the delivered copies.", "配送済みの写しを削除する doveadm コマンドを表示"},
	"help_t_file":       {"A file, or a mail with its attachments: who received it.", "ファイル、または添付付きのメール。受け取った人を表示"},

	"t_head":      {"TIME\tDIRECTION\tVERDICT\tSTATE\tFROM\tTO\tID\tSUBJECT", "日時\t方向\t判定\t状態\t差出人\t宛先\tID\t件名"},
	"t_received":  {"TIME\tSTATE\tTO\tFROM\tID\tFILE\tSUBJECT", "日時\t状態\t宛先\t差出人\tID\tファイル\t件名"},
	"t_none":      {"No message in the record matches.", "該当するメールの記録はありません。"},
	"t_more":      {"sekisho: there are more; the next page: --before %d", "sekisho: 続きがあります。次のページ: --before %d"},
	"t_cut":       {"%d more recipients are not shown; --json gives all", "ほか %d 件の宛先は省略(--json ですべて表示)"},
	"t_totals":    {"%d messages, %d copies: %s", "メール %d 通、写し %d 件: %s"},
	"t_nodigest":  {"%s is no SHA-256 in hexadecimal", "%s は 16 進表記の SHA-256 ではありません"},
	"t_notime":    {"%s is no time; write 2h, 7d, 2026-11-23, \"2026-11-23 09:00\" or 2026-11-23T09:00:00+09:00", "%s は時刻として読めません。2h、7d、2026-11-23、\"2026-11-23 09:00\"、2026-11-23T09:00:00+09:00 のように指定してください"},
	"t_left":      {"%d copies are left out; the lines above say why", "%d 件の写しを除きました(理由は上記)"},
	"t_badid":     {"its Message-ID names no single mail; remove it by hand", "Message-ID で一通に特定できません。手作業で削除してください"},
	"t_badrcpt":   {"the recipient cannot be named to doveadm; remove it by hand", "この宛先は doveadm に渡せません。手作業で削除してください"},
	"t_hidden":    {"its mailbox is known as a hash only; remove it by hand", "メールボックスがハッシュでしか分かりません。手作業で削除してください"},
	"t_shared":    {"another mail of ours has the same Message-ID, so that both could go; remove it by hand", "同じ Message-ID の別のメールが受信または送信されており、そちらも消えるおそれがあります。手作業で削除してください"},
	"t_delivered": {"delivered", "配送済み"},
	"t_released":  {"released", "解放済み"},
	"t_held":      {"held", "隔離中"},
	"t_waiting":   {"waiting", "待機中"},
	"t_hold":      {"MTA hold", "MTA 保留"},
	"t_deleted":   {"deleted", "削除済み"},
	"t_expired":   {"expired", "期限切れ"},
	"t_lost":      {"lost", "消失"},
	"t_rejected":  {"rejected", "拒否"},
	"t_deferred":  {"deferred", "一時拒否"},

	"help_ledger":       {"The memory of conversations and correspondents.", "会話と取引先の記憶"},
	"help_ledgerimport": {"Learn what your people sent before, from Sent folders and mail logs.", "過去の送信メールを、送信済みフォルダーとメールログから取り込みます。"},
	"help_ledgerstats":  {"How much is remembered, and whether that is enough. Exit status 1 while it is not.", "記憶の量と、判定に足りるかどうか(足りない間は終了値 1)"},
	"help_ledgerforget": {"Remove people from the memory.", "指定したアドレスを記憶から消します。"},
	"help_ledgerpaths":  {"Maildirs, mboxes, folders of messages, single messages, Postfix or Sendmail logs; compressed ones too.", "Maildir、mbox、メールのフォルダー、単独のメール、Postfix・Sendmail のログ(圧縮ファイルも可)"},
	"help_archive":      {"Whatever they are called, the paths hold only copies of what was sent (a journal, always_bcc).", "名前にかかわらず、送信控えだけが入っている場所として扱う(ジャーナル、always_bcc など)"},
	"help_address":      {"Addresses.", "アドレス"},

	"lg_off":        {"ledger.keep is 0s: nothing is remembered", "ledger.keep が 0s のため、何も記憶しません"},
	"lg_nostate":    {"%s is no state folder (--state, or state in the configuration): %v", "%s は状態フォルダーではありません(--state または設定の state を確認してください): %v"},
	"lg_nobodyours": {"site.local_domains is empty: nothing tells which mail is yours", "site.local_domains が空のため、自組織のメールを見分けられません"},
	"lg_warm":       {"Warm: what is not in it means something.", "判定に使えます: 記憶にないことにも意味があります。"},
	"lg_cold":       {"Not warm yet, its absence proves nothing: %s.", "まだ足りません(記憶にないことは何も示しません): %s"},
	"lg_few-mails":  {"too few mails of ours", "送信メールが少ない"},
	"lg_short-time": {"they are of too few days", "送信メールの期間が短い"},
	"lg_long-ago":   {"the last of them is long ago", "最後の送信メールが古い"},
	"lg_uncovered":  {"correspondents cite more mail of ours than is remembered: not all that leaves passes here", "取引先の返信が指す送信メールの多くが記録にない(ここを通らない送信がある)"},
	"lg_ours":       {"Mails of ours", "送信メール"},
	"lg_theirs":     {"Mails of their other parties", "会話の相手のメール"},
	"lg_strange":    {"Other mails from outside", "その他の受信メール"},
	"lg_people":     {"Our addresses and domains", "自組織のアドレスとドメイン"},
	"lg_known":      {"Correspondents and their domains", "取引先とそのドメイン"},
	"lg_unknown":    {"Strangers and their domains", "面識のない差出人とそのドメイン"},
	"lg_domains":    {"Domains of our Message-IDs that are covered", "偽の Message-ID を判定できるドメイン"},
	"lg_size":       {"Size", "容量"},
	"lg_span":       {"Mails of ours from – to", "送信メールの期間"},
	"lg_cited":      {"Cited by correspondents and remembered", "取引先の引用のうち記録のあるもの"},
	"lg_forgotten":  {"%s: forgotten", "%s: 記憶から消しました"},
	"lg_nobody":     {"%s: not known", "%s: 記憶にありません"},

	"li_learned":      {"%d mails learned, %d known before (%d files, %s)", "%d 通を取り込みました(既知 %d 通、ファイル %d 件、%s)"},
	"li_passed":       {"Passed over:", "対象外:"},
	"li_foreign":      {"mails from others", "自組織以外の差出人のメール"},
	"li_received":     {"mails that came to a mailbox (--archive learns copies of sent mail all the same)", "受信されたメール(送信控えであれば --archive を指定)"},
	"li_draft":        {"drafts", "下書き"},
	"li_undated":      {"mails without a date", "日付のないメール"},
	"li_old":          {"mails older than anything that is remembered, or from the future", "記憶の期間より古いメール、または未来の日付のメール"},
	"li_no-recipient": {"mails to nobody", "宛先のないメール"},
	"li_null-sender":  {"in logs: bounces and automatic answers", "ログ: 不達通知と自動応答"},
	"li_outside":      {"in logs: neither authenticated nor from site.internal_networks", "ログ: 認証も site.internal_networks からの接続もないメール"},
	"li_program":      {"in logs: written by programs on the server itself", "ログ: サーバー上のプログラムが送ったメール"},
	"li_unreadable":   {"mails whose header cannot be read", "ヘッダーを読めないメール"},
	"li_other":        {"files that hold no mail", "メールではないファイル"},
	"li_failed":       {"files that could not be read", "読み取れないファイル"},
}
