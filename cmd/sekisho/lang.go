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

func helpVars(lang string) kong.Vars {
	vars := kong.Vars{}
	for key := range catalogue {
		vars[key] = text(lang, key)
	}
	return vars
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

	"help_serve":      {"Run the milter until SIGTERM; SIGHUP reloads the configuration.", "milter を起動(SIGTERM で終了、SIGHUP で設定を再読み込み)"},
	"help_listen":     {"unix:/path or inet:PORT@HOST; wins over the file.", "unix:/パス または inet:ポート@ホスト(設定ファイルより優先)"},
	"help_web":        {"HOST:PORT for metrics and health; wins over the file.", "メトリクスと健康状態の HOST:PORT(設定ファイルより優先)"},
	"help_scan":       {"Look at mails, mboxes, folders, documents and archives. Exit status: 0 all accept, 1 another verdict, 2 error.", "メール・mbox・フォルダー・文書・アーカイブを検査(終了値 0 すべて accept、1 それ以外の判定、2 エラー)"},
	"help_json":       {"Print JSON, one object a line.", "JSON で表示(1 行に 1 件)"},
	"help_help":       {"Show this help.", "この使い方を表示"},
	"help_macros":     {"With --json: print the source of every macro.", "--json と共に: マクロのソースも表示"},
	"help_password":   {"Try this password first on locked archives and documents; may be given again.", "暗号化されたアーカイブや文書に最初に試すパスワード(複数指定可)"},
	"help_session":    {"The mail's SMTP session, a JSON file (default NAME.json beside NAME.eml).", "メールの SMTP セッション(JSON。既定は NAME.eml の隣の NAME.json)"},
	"help_scanpaths":  {"Files or folders.", "ファイルまたはフォルダー"},
	"help_replay":     {"Play the mails of a folder in order, each at its own time. Exit status as scan.", "フォルダーのメールを順に、それぞれの時刻で再生(終了値は scan と同じ)"},
	"help_folder":     {"The folder.", "フォルダー"},
	"help_quarantine": {"Review what is held.", "隔離したメールの確認"},
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
	"mended":     {"mended", "修復済み"},
	"verified":   {"%d files, %d rows, %d problems", "ファイル %d 件、索引 %d 件、問題 %d 件"},
	"cfg_bad":    {"the configuration has errors", "設定に誤りがあります"},
	"cfg_good":   {"The configuration is good.", "設定に問題はありません。"},
	"cfg_warned": {"No errors. The configuration works; the warnings say what it lacks.", "エラーはありません。この設定で動作しますが、警告の内容を確認してください。"},
	"ready":      {"ready", "準備完了"},

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
}
