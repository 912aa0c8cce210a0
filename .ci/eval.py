#!/usr/bin/env python3
"""Score a build against the development corpora and hold it to floors that only ever rise.

    .ci/eval.py SEKISHO FOLDER      FOLDER has corpus/ and eval/; .ci/floors.json has the floors

Prints both judges' reports, then one line per floor. Exit status 1 when a figure lies below its floor.
"""
import json, os, re, subprocess, sys, tempfile


# Classes of attacks that a file gives away, whoever sent it, and of honest mail with files that look like them.
CARRIERS = ('zip-doc zip-in-zip zip-pass-aes zip-pass-zipcrypto office-enc lnk lnk-zip lnk-passzip onenote onenote-zip iso-img html-smuggling script-zip '
            'padded-zip tnef').split()
HONEST = ('ppap-file ppap-password ppap-one-mail outbound-honest-ppap encrypted-office encrypted-pdf source-zip zip-method compressible-zip tnef-harmless '
          'calendar signed share-link docx-embedded').split()


def files(sekisho, folder):
    """Capability figures of compare_files.py, as name -> value."""
    out = run([
        sys.executable, os.path.join(folder, 'eval', 'compare_files.py'),
        '--truth', os.path.join(folder, 'corpus', 'files.jsonl'), '--root', os.path.join(folder, 'corpus'),
        '--cmd', sekisho + ' scan --json --macros {}',
    ])
    got = {}
    for cap, tp, fn, fp, tn in re.findall(r'^(\w+) +(\d+) +(\d+) +(\d+) +(\d+) ', out, re.M):
        right, of = int(tp) + int(tn), sum(map(int, (tp, fn, fp, tn)))
        got['files.' + cap] = share(right, of)
    m = re.search(r'modules equal (\d+), .*?page (\d+), missing or different (\d+)', out)
    equal, near, missing = map(int, m.groups())
    got['files.modules'] = share(equal, equal + near + missing)
    for name, text in (('lnk_target', 'LNK target'), ('lnk_args', 'arguments')):
        equal, other = map(int, re.search(text + r' equal (\d+), different (\d+)', out).groups())
        got['files.' + name] = share(equal, equal + other)
    status = re.search(r'^status: (.*)$', out, re.M).group(1)
    got['files.no_crash'] = 0.0 if 'crash' in status or 'timeout' in status or 'silent' in status else 100.0
    return got


def compared(sekisho, folder, corpus):
    """What compare_mails.py says of a replay of corpus."""
    with tempfile.TemporaryDirectory() as tmp:
        results, figures = os.path.join(tmp, 'results.jsonl'), os.path.join(tmp, 'figures.json')
        with open(results, 'w') as f:
            code = subprocess.run([sekisho, 'replay', '--json', corpus], stdout=f).returncode
        if code not in (0, 1):
            sys.exit('eval: replay failed with status %d' % code)
        run([sys.executable, os.path.join(folder, 'eval', 'compare_mails.py'), corpus, results, '--list', '--json', figures])
        with open(figures) as f:
            return json.load(f)


def verdicts(o):
    """Attacks with an accepted verdict, with all reasons named; honest mail not judged too hard."""
    bad, good = o['malicious']['ALL'], o['benign']['ALL']
    return {
        'right': share(bad['n'] - bad.get('wrong', 0), bad['n']),
        'named': share(bad.get('named', 0), bad['n']),
        'not_too_hard': share(good['n'] - good.get('over', 0), good['n']),
        'honest_not_held': share(good['n'] - good.get('held', 0), good['n']),
        'caught': 100.0 * o['caught'],
        'truly_named': share(o['wrongly_named']['of'] - o['wrongly_named']['mails'], o['wrongly_named']['of']),
    }


SEEDS = (1, 2, 3)


def varied(sekisho, folder):
    """The worst of the verdicts over other orders and other words (.ci/vary.py)."""
    vary, worst = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'vary.py'), {}
    with tempfile.TemporaryDirectory() as tmp:
        for seed in SEEDS:
            run([sys.executable, vary, os.path.join(folder, 'corpus', 'mails'), os.path.join(tmp, 'mails'), '--order', '--words', '--seed', str(seed)])
            for name, value in verdicts(compared(sekisho, folder, os.path.join(tmp, 'mails'))).items():
                worst['varied.' + name] = min(value, worst.get('varied.' + name, 100.0))
    return worst


def mails(sekisho, folder):
    """Figures of compare_mails.py, as name -> value."""
    o = compared(sekisho, folder, os.path.join(folder, 'corpus', 'mails'))
    at, bad = o['attachments'], o['malicious']

    def right(group, classes):
        """Mails of these classes with an accepted verdict, and for attacks all asked reasons named."""
        got = [o[group][c] for c in classes if c in o[group]]
        good = sum(min(c['n'] - c.get('wrong', 0), c['named'] if group == 'malicious' else c['n']) for c in got)
        return share(good, sum(c['n'] for c in got))

    return {
        'mails.carriers': right('malicious', CARRIERS),
        'mails.not_stopped': right('benign', HONEST),
        **{'mails.' + name: value for name, value in verdicts(o).items()},
        'mails.results': share(o['mails'] - o['missing'], o['mails']),
        'mails.attachments': share(*(sum(at.get(k + x, 0) for k in ('part.', 'uuencode.', 'ref.')) for x in ('found', 'n'))),
        'mails.plain_names': share(at.get('plain name.exact', 0), at.get('plain name.n', 0)),
        'mails.vba_caught': share(*(sum(bad[c].get(x, 0) for c in ('doc-vba', 'ooxml-vba', 'xls-vba')) for x in ('caught', 'n'))),
    }


def share(k, n):
    return 100.0 * k / n if n else 100.0


def run(cmd):
    p = subprocess.run(cmd, stdout=subprocess.PIPE, text=True)
    print(p.stdout)
    return p.stdout


def main():
    sekisho, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'floors.json')) as f:
        floors = json.load(f)
    got = {**files(sekisho, folder), **mails(sekisho, folder), **varied(sekisho, folder)}
    low = 0
    for name, value in sorted(got.items()):
        floor = floors.get(name)
        word = '' if floor is None else 'ok' if value >= floor else 'BELOW ITS FLOOR'
        low += word.isupper()
        print('%-24s %6.2f %%   floor %s %s' % (name, value, '-' if floor is None else '%.2f' % floor, word))
    for name in sorted(set(floors) - set(got)):
        print('%-24s no figure, but a floor' % name)
        low += 1
    return 1 if low else 0


if __name__ == '__main__':
    sys.exit(main())
