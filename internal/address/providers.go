package address

import "strings"

// provider reports whether strangers to each other have addresses in a registrable domain: free mail, access and mobile providers, hosters
// that give customers a name below their own.
func provider(org string) bool {
	if providers[org] {
		return true
	}
	name, _, _ := strings.Cut(org, ".")
	return everywhere[name]
}

// everywhere are providers with one domain a country (yahoo.co.jp, yahoo.fr).
var everywhere = map[string]bool{
	"yahoo": true, "ymail": true, "rocketmail": true, "hotmail": true, "outlook": true, "live": true, "msn": true, "gmail": true,
	"googlemail": true, "gmx": true, "yandex": true, "aol": true, "icloud": true, "protonmail": true, "proton": true,
}

var providers = list(`
	me.com mac.com passport.com hey.com fastmail.com fastmail.fm zoho.com zohomail.com tutanota.com tuta.io mail.com email.com
	onmicrosoft.com pm.me hushmail.com inbox.com lycos.com excite.com duck.com

	docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp softbank.jp vodafone.ne.jp disney.ne.jp ymobile.ne.jp ymobile1.ne.jp willcom.com
	pdx.ne.jp wcm.ne.jp uqmobile.jp rakuten.jp emobile.ne.jp emnet.ne.jp
	ocn.ne.jp nifty.com nifty.ne.jp biglobe.ne.jp so-net.ne.jp so-net.jp plala.or.jp dion.ne.jp auone-net.jp odn.ne.jp odn.ad.jp
	zaq.ne.jp home.ne.jp jcom.home.ne.jp eonet.ne.jp asahi-net.or.jp hi-ho.ne.jp dti.ne.jp infoweb.ne.jp wakwak.com bbexcite.jp excite.co.jp
	goo.ne.jp goo.jp infoseek.jp infoseek.co.jp livedoor.com nttpc.ne.jp tiki.ne.jp mopera.net commufa.jp ctc.co.jp pikara.ne.jp
	megaegg.ne.jp enjoy.ne.jp bbiq.jp qtnet.ne.jp toshima.ne.jp itscom.net tokai.or.jp tnc.ne.jp thn.ne.jp cnc.jp catv.ne.jp ttv.ne.jp
	ybb.ne.jp bbtec.net interlink.or.jp sannet.ne.jp alpha-net.ne.jp highway.ne.jp mbn.or.jp nsk.ne.jp coralnet.or.jp
	sakura.ne.jp lolipop.jp heteml.jp xsrv.jp xserver.jp kagoya.net kagoya.jp cpi.ad.jp bizmw.com bizmail.jp

	qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com aliyun.com 139.com 189.cn wo.cn naver.com daum.net hanmail.net
	kakao.com nate.com pchome.com.tw hinet.net seed.net.tw

	web.de t-online.de freenet.de arcor.de online.de vodafone.de 1und1.de mail.de posteo.de mailbox.org bluewin.ch hispeed.ch sunrise.ch
	a1.net aon.at chello.at
	orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr
	libero.it virgilio.it tiscali.it alice.it tim.it tin.it fastwebnet.it pec.it aruba.it
	btinternet.com btopenworld.com virginmedia.com ntlworld.com sky.com talktalk.net blueyonder.co.uk plus.net
	comcast.net verizon.net att.net sbcglobal.net bellsouth.net charter.net cox.net earthlink.net juno.com netzero.net optonline.net
	frontier.com windstream.net rr.com centurylink.net shaw.ca rogers.com bell.net sympatico.ca telus.net videotron.ca
	bigpond.com bigpond.net.au optusnet.com.au iinet.net.au tpg.com.au xtra.co.nz
	mail.ru bk.ru inbox.ru list.ru rambler.ru ya.ru ukr.net i.ua meta.ua
	seznam.cz email.cz centrum.cz atlas.cz post.cz volny.cz azet.sk zoznam.sk wp.pl o2.pl onet.pl interia.pl op.pl poczta.fm tlen.pl
	abv.bg mail.bg citromail.hu freemail.hu
	terra.com.br uol.com.br bol.com.br ig.com.br globo.com telefonica.net movistar.es ono.com euskaltel.net
	rediffmail.com sify.com indiatimes.com vsnl.net
	telenet.be skynet.be proximus.be ziggo.nl kpnmail.nl planet.nl xs4all.nl hetnet.nl home.nl upcmail.nl tele2.nl
	telia.com comhem.se tele2.se spray.se online.no broadpark.no getmail.no tdcadsl.dk mail.dk elisanet.fi kolumbus.fi luukku.com suomi24.fi
	sapo.pt netcabo.pt otenet.gr walla.com walla.co.il netvision.net.il bezeqint.net
`)

func list(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
