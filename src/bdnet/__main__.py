"""The console command: `bdnet <verb> ...` is `python -m bdnet.<verb> ...`."""

import runpy
import sys
from importlib.util import find_spec

from bdnet.cli.application import conf_folder
from bdnet.cli.help import HELP, answers

VERBS = {
    "demo": "the paper's Table 2 at a small scale, from nothing, with pictures",
    "train": "trains and tests a network; sweep=NAME: many of them",
    "evaluate": "tests a trained network again, at other intervals or on other data",
    "probe": "what is in a video file or a data set, and is it fit for use",
    "benchmark": "how fast this machine reads videos, loads clips and runs networks",
    "predict": "videos, segmented by a trained network",
    "compare": "any network on keyframes beside itself on every frame: agreement and seconds",
    "export": "a trained network as graphs: torch.export and ONNX, checked on real frames",
    "encode": "images or any video -> a clean stream whose motion vectors chain",
    "report": "run folders -> the paper's tables and figures, over seeds",
}


def main() -> None:
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    if verb not in VERBS or find_spec(f"bdnet.{verb}") is None:
        known = "\n".join(f"  {name:<10} {meaning}" for name, meaning in VERBS.items())
        wrong = "" if verb in ("", *HELP) else f"bdnet: no verb {verb!r}\n"
        print(f"{wrong}usage: bdnet <verb> [key=value ...]\n{known}", file=sys.stderr)
        sys.exit(2 if wrong else 0)
    if answers(verb, sys.argv[2:], conf_folder()):  # without waiting for what the verb imports
        return
    del sys.argv[1]
    runpy.run_module(f"bdnet.{verb}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
