#!/usr/bin/env python3
"""Play labelled mails again in another order and with other words: do the verdicts hang on either?

    vary.py FOLDER OUT [--seed N] [--order] [--words]

Copies FOLDER (labels.jsonl, site.json, eml/) to OUT. --order shuffles the mails as far as they do not depend on each other: two that name a common outside
address, or one of which cites the other, keep their order, and a burst stays together. --words replaces the words of the bodies by others of the same script;
addresses, links, quoted headers, lines that tell a password and attachments stay.
"""
import argparse
import datetime
import email
import email.policy
import json
import os
import random
import re
import shutil

ADDRESS = re.compile(r"[\w.+=-]+@[\w-]+(?:\.[\w-]+)+")
MESSAGE_ID = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
LATIN = "alder birch cedar dune ember fjord grove heath inlet juniper kelp larch meadow nettle oak pine quill reed slate thorn".split()
KANA = "あさひ かわべ しらかば たけのこ なのはな はまべ まつかぜ やまみち ゆうやけ わかば".split()
KEEP = re.compile(r"@|://|^[-_=*]{3,}|^\s*>*\s*[\w　-鿿]{1,10}\s*[:：]|[0-9０-９]{3,}", re.U)
SECRET = re.compile(r"pass|pwd|\bpw\b|パス|ＰＷ|暗号|解凍|kenn|clave|senha|mot de passe", re.I)


def bodies(msg):
    for part in msg.walk():
        if part.get_content_type() in ("text/plain", "text/html") and not part.get_filename():
            raw = part.get_payload(decode=True) or b""
            charset = part.get_content_charset() or "utf-8"
            try:
                yield part, raw.decode(charset), charset
            except (LookupError, UnicodeDecodeError):
                continue


def others(words, rng):
    """As many other words of the same script."""
    latin = all(ord(c) < 0x250 for c in words)
    return (" " if latin else "").join(rng.choice(LATIN if latin else KANA) for _ in range(max(1, len(words) // 7)))


def other_words(text, rng):
    """Replaces the words of every line that says nothing but words."""
    if re.search(r"<(script|style)", text, re.I):
        return text
    out, secret = [], False
    for line in text.split("\n"):
        pieces = re.split(r"(<[^>]*>|&\w+;|^[>\s]+)", line)
        shown = "".join(pieces[::2]).strip()
        if SECRET.search(line):
            secret = True
        elif shown and (KEEP.search(line) or secret):
            secret = False
        elif shown:
            pieces[::2] = [others(p, rng) if p.strip() else p for p in pieces[::2]]
            line = "".join(pieces)
        out.append(line)
    return "\n".join(out)


def reword(path, rng):
    with open(path, "rb") as f:
        raw = f.read()
    msg = email.message_from_bytes(raw, policy=email.policy.compat32)
    changed = raw
    for part, text, charset in bodies(msg):
        new = other_words(text, rng)
        try:
            plain = text.encode(charset)
            if new != text and changed.count(plain.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")) == 1:
                changed = changed.replace(plain.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), new.encode(charset).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
            elif new != text and part.get("Content-Transfer-Encoding", "").lower() == "base64":
                coded = "".join(part.get_payload().split()).encode()
                flat = email.base64mime.body_encode(new.encode(charset), maxlinelen=76, eol="\r\n").encode()
                at = changed.find(coded[:60])
                end = changed.find(coded[-20:], at) + 20
                if at > 0 and len(coded) > 60:
                    changed = changed[:at] + flat.rstrip(b"\r\n") + changed[end:]
        except (LookupError, UnicodeEncodeError):
            continue
    with open(path, "wb") as f:
        f.write(changed)
    return changed != raw


def names(folder, label, ours):
    """The outside addresses and message ids that a mail names."""
    with open(os.path.join(folder, label["file"]), "rb") as f:
        msg = email.message_from_bytes(f.read(), policy=email.policy.compat32)
    text = "\n".join("%s: %s" % h for h in msg.items()) + "\n" + "\n".join(t for _, t, _ in bodies(msg))
    found = {a.lower() for a in ADDRESS.findall(text)} | set(MESSAGE_ID.findall(text))
    with open(os.path.join(folder, label["session"])) as f:
        s = json.load(f)
    found |= {a.lower() for a in s["rcpt_to"] + [s["mail_from"]]}
    return {a for a in found if a and not any(a.endswith("@" + d) or a.endswith("." + d) for d in ours)} | set(re.findall(r"<([^<>\s]+)>", msg.get("Message-ID", "")))


def shuffled(labels, folder, ours, rng):
    """A random order in which every pair that has a name in common keeps its own."""
    blocks, last = [], None
    for x in labels:
        key = x["cls"] if x["cls"].startswith("outbound-") else None
        if key and key == last:
            blocks[-1].append(x)
        else:
            blocks.append([x])
        last = key
    wants = [set().union(*(names(folder, x, ours) for x in b)) for b in blocks]
    before = [{j for j in range(i) if wants[i] & wants[j]} for i in range(len(blocks))]
    done, out = set(), []
    while len(done) < len(blocks):
        free = [i for i in range(len(blocks)) if i not in done and before[i] <= done]
        i = rng.choice(free)
        done.add(i)
        out.append(blocks[i])
    return out


def reorder(labels, folder, out, ours, rng):
    clock, result = datetime.datetime.fromisoformat(labels[0]["ts"]), []
    for block in shuffled(labels, folder, ours, rng):
        clock += datetime.timedelta(seconds=rng.randint(700, 5000))
        begin = datetime.datetime.fromisoformat(block[0]["ts"])
        for x in block:
            ts = clock + (datetime.datetime.fromisoformat(x["ts"]) - begin)
            path = os.path.join(out, x["session"])
            with open(path) as f:
                s = json.load(f)
            s["ts"] = ts.isoformat()
            with open(path, "w") as f:
                json.dump(s, f, ensure_ascii=False)
            result.append(dict(x, ts=s["ts"]))
        clock = max(clock, ts)
    return result


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder")
    ap.add_argument("out")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--order", action="store_true")
    ap.add_argument("--words", action="store_true")
    a = ap.parse_args()
    rng = random.Random(a.seed)
    shutil.rmtree(a.out, ignore_errors=True)
    shutil.copytree(a.folder, a.out)
    with open(os.path.join(a.out, "site.json")) as f:
        ours = json.load(f)["local_domains"]
    with open(os.path.join(a.out, "labels.jsonl")) as f:
        labels = [json.loads(line) for line in f if line.strip()]
    if a.order:
        labels = reorder(labels, a.folder, a.out, ours, rng)
        with open(os.path.join(a.out, "labels.jsonl"), "w") as f:
            f.writelines(json.dumps(x, ensure_ascii=False) + "\n" for x in labels)
    if a.words:
        n = sum(reword(os.path.join(a.out, x["file"]), rng) for x in labels)
        print("%d of %d mails have other words" % (n, len(labels)))


if __name__ == "__main__":
    main()
