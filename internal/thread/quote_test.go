package thread

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/message"
)

func w(name, addr string, depth int) Person { return Person{Name: name, Addr: addr, Depth: depth} }
func to(name, addr string, depth int) Person {
	return Person{Name: name, Addr: addr, Depth: depth, Recipient: true}
}

// quotations are what programs write above the mail that is answered.
var quotations = []struct {
	name, text string
	want       []Person
}{
	// Attribution lines.
	{"en_gmail", "On Thu, May 14, 2026 at 12:43 PM Anna Reyes <anna@reyes.example> wrote:\n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_gmail_over_two_lines", "Fine.\n\nOn Thu, May 14, 2026 at 12:43 PM Maria Magdalena Antonia Reyes y Garcia\n<anna@reyes.example> wrote:\n\n> x",
		[]Person{w("Maria Magdalena Antonia Reyes y Garcia", "anna@reyes.example", 0)}},
	{"en_gmail_over_three_lines", "On Thu, May 14, 2026 at 12:43 PM\nAnna Reyes\n<anna@reyes.example> wrote:\n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_narrow_no_break_space", "On Thu, May 14, 2026 at 12:43\u202fPM Anna Reyes <anna@reyes.example> wrote:\n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"signs_that_nobody_sees", "On Thu, May 14, 2026 at 12:43 PM An\u200bna Reyes <anna@rey\u200des.ex\u00adample> wrote:\n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_apple", "> On May 14, 2026, at 12:43, Anna Reyes <anna@reyes.example> wrote:\n> \n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_apple_quoted_name", "On 14 May 2026, at 12:43, \"Reyes, Anna\" <anna@reyes.example> wrote:\n> x", []Person{w("Reyes, Anna", "anna@reyes.example", 0)}},
	{"en_thunderbird_without_address", "On 14/05/2026 12:43, Anna Reyes wrote:\n> x", []Person{w("Anna Reyes", "", 0)}},
	{"en_address_only", "On Thu, 14 May 2026 12:43:01 +0900, anna@reyes.example wrote:\n> x", []Person{w("", "anna@reyes.example", 0)}},
	{"en_mutt_with_zone", "On Thu, May 14, 2026 at 12:43:01PM +0900, Anna Reyes wrote:\n> x", []Person{w("Anna Reyes", "", 0)}},
	{"en_zone_name", "On Thu, 14 May 2026 12:43:01 +0900 (JST), Anna Reyes <anna@reyes.example> wrote:\n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_emacs", "Anna Reyes <anna@reyes.example> writes:\n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_old_name_only", "Anna Reyes wrote:\n\n> x", []Person{w("Anna Reyes", "", 0)}},
	{"en_notes", "Anna Reyes/Sales/Reyes@REYES wrote on 05/14/2026 12:43:01 PM:\n\n> x", []Person{w("Anna Reyes/Sales/Reyes@REYES", "", 0)}},
	{"en_mailto", "On Thu, May 14, 2026 at 12:43, Anna Reyes [mailto:anna@reyes.example] wrote:\n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_nested", "On Thu, May 14, 2026 at 12:43 Anna <anna@reyes.example> wrote:\n> ok\n> On Wed, May 13, 2026 at 09:00 Aya <aya@kitano.example> wrote:\n>> when?\n",
		[]Person{w("Anna", "anna@reyes.example", 0), w("Aya", "aya@kitano.example", 1)}},
	{"ja_gmail", "承知しました。\n\n2026年5月14日(木) 12:43 山田 太郎 <yamada@nishi.example>:\n\n> x", []Person{w("山田 太郎", "yamada@nishi.example", 0)}},
	{"ja_gmail_over_two_lines", "2026年5月14日(木) 12:43 西商会 営業部 第一課 山田 太郎\n<yamada@nishi.example>:\n> x", []Person{w("西商会 営業部 第一課 山田 太郎", "yamada@nishi.example", 0)}},
	{"ja_gmail_no_blanks", "2026年5月14日(木)12:43山田太郎<yamada@nishi.example>:\n> x", []Person{w("山田太郎", "yamada@nishi.example", 0)}},
	{"ja_thunderbird", "On 2026/05/14 12:43, 山田 太郎 wrote:\n> x", []Person{w("山田 太郎", "", 0)}},
	{"ja_thunderbird_old", "(2026/05/14 12:43), 山田 太郎 wrote:\n> x", []Person{w("山田 太郎", "", 0)}},
	{"ja_wrote", "山田 太郎 さんは書きました:\n> x", []Person{w("山田 太郎", "", 0)}},
	{"ja_wrote_with_address", "山田 太郎 <yamada@nishi.example> さんは書きました：\n> x", []Person{w("山田 太郎", "yamada@nishi.example", 0)}},
	{"ja_apple", "2026/05/14 12:43、山田 太郎 <yamada@nishi.example>のメール:\n> x", []Person{w("山田 太郎", "yamada@nishi.example", 0)}},
	{"ja_hour_word", "2026年5月14日 12時43分、山田 太郎 <yamada@nishi.example> wrote:\n> x", []Person{w("山田 太郎", "yamada@nishi.example", 0)}},
	{"ja_afternoon", "2026年5月14日 午後3:05 山田 太郎 <yamada@nishi.example>:\n> x", []Person{w("山田 太郎", "yamada@nishi.example", 0)}},
	{"ja_becky_two_lines", "On Thu, 14 May 2026 12:43:01 +0900\n山田 太郎 <yamada@nishi.example> wrote:\n\n> x", []Person{w("山田 太郎", "yamada@nishi.example", 0)}},
	{"ja_full_width_mark", "2026年5月14日(木) 12:43 山田 太郎 <yamada@nishi.example>:\n＞ x\n", []Person{w("山田 太郎", "yamada@nishi.example", 0)}},
	{"de_gmail", "Am Do., 14. Mai 2026 um 12:43 Uhr schrieb Uwe Lang <lang@steinbach.example>:\n> x", []Person{w("Uwe Lang", "lang@steinbach.example", 0)}},
	{"de_thunderbird", "Am 14.05.2026 um 12:43 schrieb Uwe Lang:\n> x", []Person{w("Uwe Lang", "", 0)}},
	{"de_after", "Uwe Lang <lang@steinbach.example> schrieb am Do., 14. Mai 2026, 12:43:\n> x", []Person{w("Uwe Lang", "lang@steinbach.example", 0)}},
	{"fr_gmail", "Le jeu. 14 mai 2026 à 12:43, Zoé Noël <zoe@noel.example> a écrit :\n> x", []Person{w("Zoé Noël", "zoe@noel.example", 0)}},
	{"fr_no_break_space", "Le jeu. 14 mai 2026 à 12:43, Zoé Noël <zoe@noel.example> a écrit\u00a0:\n> x", []Person{w("Zoé Noël", "zoe@noel.example", 0)}},
	{"it_gmail", "Il giorno gio 14 mag 2026 alle ore 12:43 Ada Rossi <ada@rossi.example> ha scritto:\n> x", []Person{w("Ada Rossi", "ada@rossi.example", 0)}},
	{"it_thunderbird", "Il 14/05/2026 12:43, Ada Rossi ha scritto:\n> x", []Person{w("Ada Rossi", "", 0)}},
	{"es_gmail", "El jue, 14 may 2026 a las 12:43, Eva Soler (<eva@soler.example>) escribió:\n> x", []Person{w("Eva Soler", "eva@soler.example", 0)}},
	{"pt_gmail", "Em qui., 14 de mai. de 2026 às 12:43, João Melo <joao@melo.example> escreveu:\n> x", []Person{w("João Melo", "joao@melo.example", 0)}},
	{"nl_gmail", "Op do 14 mei 2026 om 12:43 schreef Jan de Boer <jan@boer.example>:\n> x", []Person{w("Jan de Boer", "jan@boer.example", 0)}},
	{"sv_gmail", "Den tors 14 maj 2026 kl 12:43 skrev Åsa Berg <asa@berg.example>:\n> x", []Person{w("Åsa Berg", "asa@berg.example", 0)}},
	{"fi_gmail", "to 14. toukok. 2026 klo 12.43 Aino Laine (aino@laine.example) kirjoitti:\n> x", []Person{w("Aino Laine", "aino@laine.example", 0)}},
	{"pl_gmail", "czw., 14 maj 2026 o 12:43 Ewa Nowak <ewa@nowak.example> napisał(a):\n> x", []Person{w("Ewa Nowak", "ewa@nowak.example", 0)}},
	{"pl_thunderbird", "W dniu 14.05.2026 o 12:43, Ewa Nowak pisze:\n> x", []Person{w("Ewa Nowak", "", 0)}},
	{"cs_gmail", "čt 14. 5. 2026 v 12:43 odesílatel Jana Malá <jana@mala.example> napsal:\n> x", []Person{w("Jana Malá", "jana@mala.example", 0)}},
	{"ru_gmail", "чт, 14 мая 2026 г. в 12:43, Иван Петров <ivan@petrov.example>:\n> x", []Person{w("Иван Петров", "ivan@petrov.example", 0)}},
	{"ru_thunderbird", "14.05.2026 12:43, Иван Петров пишет:\n> x", []Person{w("Иван Петров", "", 0)}},
	{"tr_gmail", "Can Demir <can@demir.example>, 14 May 2026 Per, 12:43 tarihinde şunu yazdı:\n> x", []Person{w("Can Demir", "can@demir.example", 0)}},
	{"hu_gmail", "Nagy Anna <anna@nagy.example> ezt írta (időpont: 2026. máj. 14., Cs, 12:43):\n> x", []Person{w("Nagy Anna", "anna@nagy.example", 0)}},
	{"zh_gmail", "王伟 <wei@wang.example> 于2026年5月14日周四 12:43写道：\n> x", []Person{w("王伟", "wei@wang.example", 0)}},
	{"zh_tw_gmail", "王偉 <wei@wang.example> 於 2026年5月14日 週四 下午12:43寫道：\n> x", []Person{w("王偉", "wei@wang.example", 0)}},
	{"zh_thunderbird", "在 2026/5/14 12:43, 王伟 写道:\n> x", []Person{w("王伟", "", 0)}},
	{"ko_gmail", "2026년 5월 14일 (목) 오후 12:43, 김민수 <kim@minsu.example>님이 작성:\n> x", []Person{w("김민수", "kim@minsu.example", 0)}},
	{"vi_gmail", "Vào Th 5, 14 thg 5, 2026 vào lúc 12:43 Lan Tran <lan@tran.example> đã viết:\n> x", []Person{w("Lan Tran", "lan@tran.example", 0)}},
	{"nl_name_with_particle", "Op do 14 mei 2026 om 12:43 schreef Van Damme <jan@damme.example>:\n> x", []Person{w("Van Damme", "jan@damme.example", 0)}},
	{"fr_name_like_an_article", "Le jeu. 14 mai 2026 à 12:43, Le Thi Hoa <hoa@le.example> a écrit :\n> x", []Person{w("Le Thi Hoa", "hoa@le.example", 0)}},
	{"de_horde", "Zitat von Uwe Lang <lang@steinbach.example>:\n\n> x", []Person{w("Uwe Lang", "lang@steinbach.example", 0)}},
	{"en_horde", "Quoting Anna Reyes <anna@reyes.example>:\n\n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_gnus", "In message <87abc.fsf@reyes.example>, Anna Reyes <anna@reyes.example> writes:\n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_wanderlust_without_address", "In message <87abc.fsf@reyes.example>, Anna Reyes writes:\n> x", []Person{w("Anna Reyes", "", 0)}},
	{"en_mutt_star", "* Anna Reyes <anna@reyes.example> [2026-05-14 12:43]:\n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_proton", "On Thursday, May 14th, 2026 at 12:43 PM, Anna Reyes <anna@reyes.example> wrote:\n\n> x", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_mailto_twice", "On Thu, May 14, 2026 at 12:43, Anna Reyes <anna@reyes.example<mailto:anna@reyes.example>> wrote:\nx", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"ja_yahoo", "--- On Thu, 2026/5/14, 山田 太郎 <yamada@nishi.example> wrote:\n\nx", []Person{w("山田 太郎", "yamada@nishi.example", 0)}},
	{"ja_roundcube", "2026-05-14 12:43 に 山田 太郎 さんは書きました:\n> x", []Person{w("山田 太郎", "", 0)}},
	{"zh_netease", "在 2026-05-14 12:43:01，\"王伟\" <wei@wang.example> 写道：\n\nx", []Person{w("王伟", "wei@wang.example", 0)}},
	// Quoted headers.
	{"ja_apple_forward", "転送されたメッセージ：\n\n差出人: 山田 太郎 <yamada@nishi.example>\n日付: 2026年5月14日 12:43:01 JST\n宛先: kondo@kitano.example\n件名: 棚板\n", []Person{w("山田 太郎", "yamada@nishi.example", 0), to("", "kondo@kitano.example", 0)}},
	{"ja_line_works", "-----Original Message-----\nFrom: \"山田 太郎\"<yamada@nishi.example>\nTo: \"近藤\"<kondo@kitano.example>;\nCc:\nSent: 2026/05/14 (木) 12:43 (GMT+09:00)\nSubject: 棚板\n",
		[]Person{w("山田 太郎", "yamada@nishi.example", 0), to("近藤", "kondo@kitano.example", 0)}},
	{"zh_qq", "------------------ 原始邮件 ------------------\n发件人: \"王伟\" <wei@wang.example>;\n发送时间: 2026年5月14日(星期四) 中午12:43\n收件人: \"aya\"<aya@kitano.example>;\n主题: 计划\n",
		[]Person{w("王伟", "wei@wang.example", 0), to("aya", "aya@kitano.example", 0)}},
	{"ko_daum", "--------- 원본 메일 ---------\n보낸사람 : 김민수 <kim@minsu.example>\n받는사람 : aya@kitano.example\n날짜: 2026년 5월 14일 12:43\n제목: 계획\n",
		[]Person{w("김민수", "kim@minsu.example", 0), to("", "aya@kitano.example", 0)}},
	{"en_mailto_in_angles", "From: Anna Reyes <mailto:anna@reyes.example>\nSent: 14 May 2026\nTo: aya@kitano.example<mailto:aya@kitano.example>\nSubject: a\n", []Person{w("Anna Reyes", "anna@reyes.example", 0), to("", "aya@kitano.example", 0)}},
	{"fr_zimbra", "----- Mail original -----\nDe: \"Zoé Noël\" <zoe@noel.example>\nÀ: \"Aya\" <aya@kitano.example>\nEnvoyé: Jeudi 14 Mai 2026 12:43:01\nObjet: Plan\n", []Person{w("Zoé Noël", "zoe@noel.example", 0), to("Aya", "aya@kitano.example", 0)}},
	{"en_outlook", "Ok.\n\n-----Original Message-----\nFrom: Anna Reyes <anna@reyes.example>\nSent: Thursday, May 14, 2026 12:43 PM\nTo: Aya Murakami <aya@kitano.example>; Bo Li\nCc: c@kitano.example\nSubject: Drills\n\nx",
		[]Person{w("Anna Reyes", "anna@reyes.example", 0), to("Aya Murakami", "aya@kitano.example", 0), to("Bo Li", "", 0), to("", "c@kitano.example", 0)}},
	{"en_outlook_inside", "From: Reyes, Anna\nSent: Thursday, May 14, 2026 12:43 PM\nTo: Murakami, Aya; Li, Bo\nSubject: Drills\n",
		[]Person{w("Reyes, Anna", "", 0), to("Murakami, Aya", "", 0), to("Li, Bo", "", 0)}},
	{"en_outlook_mailto", "From: Anna Reyes [mailto:anna@reyes.example]\nSent: Thursday, May 14, 2026 12:43 PM\nTo: 'Aya Murakami'\nSubject: Drills\n",
		[]Person{w("Anna Reyes", "anna@reyes.example", 0), to("Aya Murakami", "", 0)}},
	{"en_bold_in_gmail", "*From:* Anna Reyes <anna@reyes.example>\n*Sent:* Thursday, May 14, 2026 12:43 PM\n*To:* aya@kitano.example\n*Subject:* Drills\n",
		[]Person{w("Anna Reyes", "anna@reyes.example", 0), to("", "aya@kitano.example", 0)}},
	{"en_every_second_line_empty", "From: Anna Reyes <anna@reyes.example>\n\nSent: Thursday, May 14, 2026 12:43 PM\n\nTo: aya@kitano.example\n\nSubject: Drills\n\nx",
		[]Person{w("Anna Reyes", "anna@reyes.example", 0), to("", "aya@kitano.example", 0)}},
	{"en_joined_on_one_line", "From: Anna Reyes <anna@reyes.example> Sent: Thursday, May 14, 2026 12:43 PM To: aya@kitano.example Subject: Drills\nx",
		[]Person{w("Anna Reyes", "anna@reyes.example", 0), to("", "aya@kitano.example", 0)}},
	{"en_table_cells", "From:\tAnna Reyes <anna@reyes.example>\nDate:\tThu, 14 May 2026\nTo:\taya@kitano.example\n", []Person{w("Anna Reyes", "anna@reyes.example", 0), to("", "aya@kitano.example", 0)}},
	{"en_table_cells_without_colon", "From\tAnna Reyes <anna@reyes.example>\nDate\tThu, 14 May 2026\n", []Person{w("Anna Reyes", "anna@reyes.example", 0)}},
	{"en_addressees_over_lines", "From: Anna <anna@reyes.example>\nTo: Aya <aya@kitano.example>,\n Bo <bo@kitano.example>,\n Cy <cy@kitano.example>\nDate: 14 May 2026\n",
		[]Person{w("Anna", "anna@reyes.example", 0), to("Aya", "aya@kitano.example", 0), to("Bo", "bo@kitano.example", 0), to("Cy", "cy@kitano.example", 0)}},
	{"en_comma_in_a_name", "From: Lang, Uwe <lang@steinbach.example>\nTo: Rey, Ana <ana@rey.example>, Bo Li <bo@li.example>\nDate: 14 May 2026\n",
		[]Person{w("Lang, Uwe", "lang@steinbach.example", 0), to("Rey, Ana", "ana@rey.example", 0), to("Bo Li", "bo@li.example", 0)}},
	{"en_gmail_forward", "---------- Forwarded message ---------\nFrom: Anna Reyes <anna@reyes.example>\nDate: Thu, May 14, 2026 at 12:43 PM\nSubject: Drills\nTo: <aya@kitano.example>\n\nx",
		[]Person{w("Anna Reyes", "anna@reyes.example", 0), to("", "aya@kitano.example", 0)}},
	{"en_apple_forward", "Begin forwarded message:\n\n> From: Anna Reyes <anna@reyes.example>\n> Subject: Drills\n> Date: May 14, 2026 at 12:43\n> To: aya@kitano.example\n>\n> x",
		[]Person{w("Anna Reyes", "anna@reyes.example", 0), to("", "aya@kitano.example", 0)}},
	{"en_thunderbird_forward", "-------- Forwarded Message --------\nSubject: Drills\nDate: Thu, 14 May 2026 12:43:01 +0900\nFrom: Anna Reyes <anna@reyes.example>\nReply-To: anna2@reyes.example\nTo: aya@kitano.example\n\nx",
		[]Person{w("Anna Reyes", "anna@reyes.example", 0), to("", "aya@kitano.example", 0)}},
	{"en_two_blocks", "From: Anna <anna@reyes.example>\nSent: 14 May 2026\nSubject: Re: a\n\nyes\n\nFrom: Aya <aya@kitano.example>\nSent: 13 May 2026\nSubject: a\n\nno",
		[]Person{w("Anna", "anna@reyes.example", 0), w("Aya", "aya@kitano.example", 1)}},
	{"en_quoted_blocks", "> -----Original Message-----\n> From: Anna <anna@reyes.example>\n> Sent: 14 May 2026\n> Subject: a\n>\n> > From: Aya <aya@kitano.example>\n> > Sent: 13 May 2026\n> > Subject: a\n",
		[]Person{w("Anna", "anna@reyes.example", 0), w("Aya", "aya@kitano.example", 1)}},
	{"ja_outlook", "-----元のメッセージ-----\n差出人: 山田 太郎 <yamada@nishi.example>\n送信日時: 2026年5月14日 12:43\n宛先: 近藤 学 <kondo@kitano.example>\nCC: 村上 彩\n件名: 棚板\n\nx",
		[]Person{w("山田 太郎", "yamada@nishi.example", 0), to("近藤 学", "kondo@kitano.example", 0), to("村上 彩", "", 0)}},
	{"ja_outlook_mixed", "-----Original Message-----\n差出人: 山田 太郎 <yamada@nishi.example>\n送信日時: 2026-05-14 12:43\n宛先: kondo@kitano.example\n件名: 棚板\n\nx",
		[]Person{w("山田 太郎", "yamada@nishi.example", 0), to("", "kondo@kitano.example", 0)}},
	{"ja_full_width_colon_and_blanks", "差　出　人：山田 太郎 <yamada@nishi.example>\n日　　　時：2026/05/14 12:43\n宛　　　先：kondo@kitano.example\n件　　　名：棚板\n",
		[]Person{w("山田 太郎", "yamada@nishi.example", 0), to("", "kondo@kitano.example", 0)}},
	{"ja_joined", "差出人: 山田 太郎 <yamada@nishi.example>送信日時: 2026/05/14 12:43 宛先: kondo@kitano.example 件名: 棚板\n", []Person{w("山田 太郎", "yamada@nishi.example", 0), to("", "kondo@kitano.example", 0)}},
	{"ja_becky_forward", "----------------------- Original Message -----------------------\n From:    山田 太郎 <yamada@nishi.example>\n To:      kondo@kitano.example\n Date:    Thu, 14 May 2026 12:43:01 +0900\n Subject: 棚板\n----\n\nx",
		[]Person{w("山田 太郎", "yamada@nishi.example", 0), to("", "kondo@kitano.example", 0)}},
	{"ja_corner_brackets", "差出人：「山田 太郎」 <yamada@nishi.example>\n日時：2026/05/14\n件名：棚板\n", []Person{w("山田 太郎", "yamada@nishi.example", 0)}},
	{"de_outlook", "Von: Uwe Lang <lang@steinbach.example>\nGesendet: Donnerstag, 14. Mai 2026 12:43\nAn: Aya <aya@kitano.example>\nBetreff: Termin\n", []Person{w("Uwe Lang", "lang@steinbach.example", 0), to("Aya", "aya@kitano.example", 0)}},
	{"fr_outlook", "De : Zoé Noël <zoe@noel.example>\nEnvoyé : jeudi 14 mai 2026 12:43\nÀ : aya@kitano.example\nObjet : Plan\n", []Person{w("Zoé Noël", "zoe@noel.example", 0), to("", "aya@kitano.example", 0)}},
	{"it_outlook", "Da: Ada Rossi <ada@rossi.example>\nInviato: giovedì 14 maggio 2026 12:43\nA: aya@kitano.example\nOggetto: Piano\n", []Person{w("Ada Rossi", "ada@rossi.example", 0), to("", "aya@kitano.example", 0)}},
	{"es_outlook", "De: Eva Soler <eva@soler.example>\nEnviado el: jueves, 14 de mayo de 2026 12:43\nPara: aya@kitano.example\nAsunto: Plan\n", []Person{w("Eva Soler", "eva@soler.example", 0), to("", "aya@kitano.example", 0)}},
	{"es_joined", "De: Eva Soler <eva@soler.example> Enviado el: jueves, 14 de mayo de 2026 12:43 Para: aya@kitano.example Asunto: Plan\n", []Person{w("Eva Soler", "eva@soler.example", 0), to("", "aya@kitano.example", 0)}},
	{"pt_outlook", "De: João Melo <joao@melo.example>\nEnviada em: quinta-feira, 14 de maio de 2026 12:43\nPara: aya@kitano.example\nAssunto: Plano\n", []Person{w("João Melo", "joao@melo.example", 0), to("", "aya@kitano.example", 0)}},
	{"nl_outlook", "Van: Jan de Boer <jan@boer.example>\nVerzonden: donderdag 14 mei 2026 12:43\nAan: aya@kitano.example\nOnderwerp: Plan\n", []Person{w("Jan de Boer", "jan@boer.example", 0), to("", "aya@kitano.example", 0)}},
	{"sv_outlook", "Från: Åsa Berg <asa@berg.example>\nSkickat: den 14 maj 2026 12:43\nTill: aya@kitano.example\nÄmne: Plan\n", []Person{w("Åsa Berg", "asa@berg.example", 0), to("", "aya@kitano.example", 0)}},
	{"pl_outlook", "Od: Ewa Nowak <ewa@nowak.example>\nWysłano: czwartek, 14 maja 2026 12:43\nDo: aya@kitano.example\nTemat: Plan\n", []Person{w("Ewa Nowak", "ewa@nowak.example", 0), to("", "aya@kitano.example", 0)}},
	{"ru_outlook", "От: Иван Петров <ivan@petrov.example>\nОтправлено: 14 мая 2026 г. 12:43\nКому: aya@kitano.example\nТема: План\n", []Person{w("Иван Петров", "ivan@petrov.example", 0), to("", "aya@kitano.example", 0)}},
	{"tr_outlook", "Kimden: Can Demir <can@demir.example>\nGönderildi: 14 Mayıs 2026 12:43\nKime: aya@kitano.example\nKonu: Plan\n", []Person{w("Can Demir", "can@demir.example", 0), to("", "aya@kitano.example", 0)}},
	{"zh_outlook", "发件人: 王伟 <wei@wang.example>\n发送时间: 2026年5月14日 12:43\n收件人: aya@kitano.example\n抄送: bo@li.example\n主题: 计划\n",
		[]Person{w("王伟", "wei@wang.example", 0), to("", "aya@kitano.example", 0), to("", "bo@li.example", 0)}},
	{"zh_tw_outlook", "寄件者: 王偉 <wei@wang.example>\n寄件日期: 2026年5月14日 12:43\n收件者: aya@kitano.example\n主旨: 計畫\n", []Person{w("王偉", "wei@wang.example", 0), to("", "aya@kitano.example", 0)}},
	{"ko_outlook", "보낸 사람: 김민수 <kim@minsu.example>\n보낸 날짜: 2026년 5월 14일 12:43\n받는 사람: aya@kitano.example\n제목: 계획\n", []Person{w("김민수", "kim@minsu.example", 0), to("", "aya@kitano.example", 0)}},
	// What is no quotation.
	{"plain_text", "Please see page 3: it lists a@b.example and others.\nThe date: tomorrow.\n", nil},
	{"a_journey", "From: Tokyo\nTo: Osaka\nDate: 14 May\n", nil},
	{"a_contact", "Contact: Anna <anna@reyes.example>\n2026 plan:\n", nil},
	{"somebody_wrote_without_a_quotation", "My boss wrote:\nwe need it on Monday.\n", nil},
	{"a_subject_alone", "件名: 棚板\n", nil},
	{"ruled_lines", "----------\n__________\n==========\n", nil},
}

func TestQuoted(t *testing.T) {
	for _, q := range quotations {
		t.Run(q.name, func(t *testing.T) {
			for _, end := range []string{"\n", "\r\n"} {
				got := Read(&message.Header{}, strings.ReplaceAll(q.text, "\n", end)).Quoted
				if d := cmp.Diff(q.want, got); d != "" {
					t.Error(d)
				}
			}
		})
	}
}
