"""Fine-tunes: run folders, the child processes that train in them, and who watches them.

The parent's side (`launcher`, `run_folder`, `process`) imports no torch; the child's side
(`trainer` and what it uses) does.
"""

from __future__ import annotations

from motionlens.finetune.launcher import ChildTrainer
from motionlens.finetune.run_folder import RunFolder

__all__ = ["ChildTrainer", "RunFolder"]
