"""The console command: `bdnet <verb> ...` is `python -m bdnet.<verb> ...`."""

import runpy
import sys
from importlib.util import find_spec

from bdnet.cli.conf import conf_folder
from bdnet.cli.help import HELP, print_help

VERBS = {
    "demo": "trains the paper's Table 2 at a small scale, with pictures; needs no data",
    "train": "trains and tests a network; with sweep=NAME, many",
    "evaluate": "tests a trained network again, at other intervals or on other data",
    "probe": "describes a video file, or checks a data set",
    "benchmark": "measures how fast this machine reads videos, loads clips and runs networks",
    "predict": "segments videos by a trained network",
    "compare": "compares a network on keyframes with itself on every frame: agreement, seconds",
    "export": "exports a trained network by torch.export and to ONNX, and checks the files",
    "encode": "encodes images or any video as a clean stream, with usable motion vectors",
    "report": "makes the paper's tables and figures, over seeds, from run folders",
}


def main() -> None:
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    if verb not in VERBS or find_spec(f"bdnet.{verb}") is None:
        known = "\n".join(f"  {name:<10} {meaning}" for name, meaning in VERBS.items())
        problem = "" if verb in ("", *HELP) else f"bdnet: no verb {verb!r}\n"
        print(f"{problem}usage: bdnet <verb> [key=value ...]\n{known}", file=sys.stderr)
        sys.exit(2 if problem else 0)
    if print_help(verb, sys.argv[2:], conf_folder()):  # before the slow imports of the verb
        return
    del sys.argv[1]
    runpy.run_module(f"bdnet.{verb}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
