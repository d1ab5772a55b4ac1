"""The one static table of commands: what `afield --help` lists without importing any.

A new command is one file in `commands/` with an attribute `command`, and one line here.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """Where a command lives and what it does, in one line."""

    module: str
    help: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Every day": {
        "run": Entry("afield.cli.commands.run", "Record a command, with no change to its code."),
        "runs": Entry("afield.cli.commands.runs", "List and search what was recorded."),
        "show": Entry("afield.cli.commands.show", "Show one run: what it was made of and gave."),
        "compare": Entry("afield.cli.commands.compare", "Say what differs between two runs."),
        "reproduce": Entry("afield.cli.commands.reproduce", "Repeat a run and judge the result."),
        "search": Entry("afield.cli.commands.search", "Find what anybody wrote or recorded."),
        "why": Entry("afield.cli.commands.why", "Trace a number, file or model to its origin."),
    },
    "About a run": {
        "log": Entry("afield.cli.commands.log", "Follow a run's console and metrics, live."),
        "note": Entry("afield.cli.commands.note", "Write down what you think of a run."),
        "tag": Entry("afield.cli.commands.tag", "Set and remove tags."),
        "issue": Entry("afield.cli.commands.issue", "Report a failed run, for a tracker."),
        "env": Entry("afield.cli.commands.env", "Compare and export Python environments."),
        "bundle": Entry("afield.cli.commands.bundle", "Put a run into one file for a stranger."),
        "delete": Entry("afield.cli.commands.delete", "Put runs out of sight."),
        "restore": Entry("afield.cli.commands.restore", "Bring deleted runs back."),
    },
    "Data and models": {
        "data": Entry("afield.cli.commands.data", "Versions of datasets: add, compare, fetch."),
        "model": Entry("afield.cli.commands.model", "Models by name: versions, aliases, stages."),
        "traces": Entry("afield.cli.commands.traces", "What programs asked of models, and spans."),
        "import": Entry("afield.cli.commands.bring", "Bring what you have: MLflow, W&B, DVC …"),
        "export": Entry("afield.cli.commands.export", "Write runs for another tool: MLflow."),
    },
    "With others": {
        "up": Entry("afield.cli.commands.up", "Answer on this machine: API, MLflow's protocol."),
        "hub": Entry("afield.cli.commands.hub", "Answer a team, with accounts and roles."),
        "remote": Entry("afield.cli.commands.remote", "Name the places where copies meet."),
        "sync": Entry("afield.cli.commands.sync", "Exchange what is new with the others."),
        "clone": Entry("afield.cli.commands.clone", "Make a copy of a workspace."),
        "join": Entry("afield.cli.commands.join", "Confirm a colleague's device, or show yours."),
        "member": Entry("afield.cli.commands.member", "Who takes part, and who may what."),
        "token": Entry("afield.cli.commands.token", "What scripts log in to a hub with."),
        "access": Entry("afield.cli.commands.access", "Look over who may what."),
        "fetch": Entry("afield.cli.commands.fetch", "Bring a run's bytes from a remote."),
    },
    "The team's day": {
        "brief": Entry("afield.cli.commands.brief", "What changed while you were away."),
        "inbox": Entry("afield.cli.commands.inbox", "What waits for you, and what was said."),
        "ask": Entry("afield.cli.commands.ask", "Ask a colleague for something, by when."),
        "blocker": Entry("afield.cli.commands.blocker", "What keeps somebody from going on."),
        "comment": Entry("afield.cli.commands.comment", "Say something about anything."),
        "thread": Entry("afield.cli.commands.thread", "Read what was said about something."),
        "standup": Entry("afield.cli.commands.standup", "Say in a minute where you are."),
        "digest": Entry("afield.cli.commands.digest", "What the others said of their day."),
        "handover": Entry("afield.cli.commands.handover", "Leave your work to a colleague."),
        "eod": Entry("afield.cli.commands.eod", "End the day: stand-up, handover, quiet."),
        "notify": Entry("afield.cli.commands.notify", "Bring what waits: chat, mail, webhook."),
        "oncall": Entry("afield.cli.commands.oncall", "Who agreed to be woken, and when."),
        "meeting": Entry("afield.cli.commands.meeting", "Meet, and write down what came of it."),
        "page": Entry("afield.cli.commands.page", "Write pages together, with links to runs."),
        "overlap": Entry("afield.cli.commands.overlap", "When people can meet, and what it costs."),
        "me": Entry("afield.cli.commands.me", "Who you are here, and where in your day."),
        "team": Entry("afield.cli.commands.team", "Who is where, and who works now."),
        "hours": Entry("afield.cli.commands.hours", "When you work, and when you are away."),
        "task": Entry("afield.cli.commands.task", "What is to be done, by whom and when."),
        "review": Entry("afield.cli.commands.review", "Have runs, code, data, models looked at."),
        "decide": Entry("afield.cli.commands.decision_new", "Write a decision down."),
        "decision": Entry("afield.cli.commands.decision", "Have decisions commented, settle them."),
    },
    "The workspace and this machine": {
        "init": Entry("afield.cli.commands.init", "Make a workspace in a folder."),
        "verify": Entry("afield.cli.commands.verify", "Check every recorded byte."),
        "repair": Entry("afield.cli.commands.repair", "Mend what is damaged, from any copy."),
        "du": Entry("afield.cli.commands.du", "Show what takes the space."),
        "sweep": Entry("afield.cli.commands.sweep", "Give back the space of what was deleted."),
        "doctor": Entry("afield.cli.commands.doctor", "Say what works on this machine."),
        "config": Entry("afield.cli.commands.config", "Show and change settings."),
        "completion": Entry("afield.cli.commands.completion", "Teach your shell to complete."),
        "demo": Entry("afield.cli.commands.demo", "See a real training reproduced, in a minute."),
    },
}

COMMANDS: dict[str, Entry] = {
    name: entry for commands in SECTIONS.values() for name, entry in commands.items()
}

ENV_COMMANDS: dict[str, Entry] = {
    "diff": Entry("afield.cli.commands.env_diff", "Say how two environments differ."),
    "export": Entry("afield.cli.commands.env_export", "Write a run's environment for other tools."),
}

REMOTE_COMMANDS: dict[str, Entry] = {
    "add": Entry("afield.cli.commands.remote_add", "Name a place where copies meet."),
    "list": Entry("afield.cli.commands.remote_list", "List the remotes."),
    "remove": Entry("afield.cli.commands.remote_remove", "Forget one; nothing there is touched."),
    "check": Entry("afield.cli.commands.remote_check", "Read and verify all that one holds."),
}

HUB_COMMANDS: dict[str, Entry] = {
    "check": Entry("afield.cli.commands.hub_check", "Say what of hub.toml would not work here."),
    "reset": Entry("afield.cli.commands.hub_reset", "Let in an admin who is locked out."),
    "rotate-keys": Entry("afield.cli.commands.hub_rotate_keys", "Seal secrets under a new key."),
}

DECISION_COMMANDS: dict[str, Entry] = {
    "new": Entry("afield.cli.commands.decision_new", "Write one down; `new` may be left out."),
    "list": Entry("afield.cli.commands.decision_list", "List them, the newest first."),
    "show": Entry("afield.cli.commands.decision_show", "Show one, with what was said."),
    "change": Entry("afield.cli.commands.decision_change", "Fill in or change a draft."),
    "propose": Entry("afield.cli.commands.decision_propose", "Ask for comments on one."),
    "settle": Entry("afield.cli.commands.decision_settle", "Accept, reject or withdraw one."),
    "revisit": Entry("afield.cli.commands.decision_revisit", "Say that one still holds."),
}

STANDUP_COMMANDS: dict[str, Entry] = {
    "new": Entry("afield.cli.commands.standup_new", "Write today's; `new` may be left out."),
    "show": Entry("afield.cli.commands.standup_show", "Show what somebody said of a day."),
    "list": Entry("afield.cli.commands.standup_list", "List them, a line each."),
    "at": Entry("afield.cli.commands.standup_at", "Say when you write yours."),
}

ONCALL_COMMANDS: dict[str, Entry] = {
    "list": Entry("afield.cli.commands.oncall_list", "List who is; `list` may be left out."),
    "take": Entry("afield.cli.commands.oncall_take", "Agree to be woken."),
    "drop": Entry("afield.cli.commands.oncall_drop", "Take your turn back."),
}

MEETING_COMMANDS: dict[str, Entry] = {
    "new": Entry("afield.cli.commands.meeting_new", "Call one; `new` may be left out."),
    "list": Entry("afield.cli.commands.meeting_list", "List those that are ahead."),
    "show": Entry("afield.cli.commands.meeting_show", "Show one, in everybody's time."),
    "notes": Entry("afield.cli.commands.meeting_notes", "Write what came of one."),
    "read": Entry("afield.cli.commands.meeting_read", "Say that you have read that."),
    "cancel": Entry("afield.cli.commands.meeting_cancel", "Call one off."),
}

PAGE_COMMANDS: dict[str, Entry] = {
    "new": Entry("afield.cli.commands.page_new", "Write one; `new` may be left out."),
    "edit": Entry("afield.cli.commands.page_edit", "Change its text, or who looks after it."),
    "show": Entry("afield.cli.commands.page_show", "Show one, with what it links to."),
    "list": Entry("afield.cli.commands.page_list", "List them, the newest touched first."),
    "history": Entry("afield.cli.commands.page_history", "List who edited one, and from what."),
    "check": Entry("afield.cli.commands.page_check", "Name those that do not hold any more."),
}

HANDOVER_COMMANDS: dict[str, Entry] = {
    "new": Entry("afield.cli.commands.handover_new", "Draw one up; `new` may be left out."),
    "draft": Entry("afield.cli.commands.handover_draft", "Show what it would say now."),
    "list": Entry("afield.cli.commands.handover_list", "List those that are open."),
    "show": Entry("afield.cli.commands.handover_show", "Show one, line by line."),
    "add": Entry("afield.cli.commands.handover_add", "Add a line in your own words."),
    "fill": Entry("afield.cli.commands.handover_fill", "Say how a line is, and what to do if."),
    "drop": Entry("afield.cli.commands.handover_drop", "Leave lines out of a draft."),
    "offer": Entry("afield.cli.commands.handover_offer", "Hand it over."),
    "accept": Entry("afield.cli.commands.handover_accept", "Take it over, in your own words."),
    "question": Entry("afield.cli.commands.handover_question", "Ask before you take it."),
    "reply": Entry("afield.cli.commands.handover_reply", "Answer what was asked."),
    "decline": Entry("afield.cli.commands.handover_decline", "Refuse it, and say why."),
    "surprise": Entry("afield.cli.commands.handover_surprise", "Say what was not in it."),
    "withdraw": Entry("afield.cli.commands.handover_withdraw", "Take one back."),
}

REVIEW_COMMANDS: dict[str, Entry] = {
    "new": Entry("afield.cli.commands.review_new", "Ask for one; `new` may be left out."),
    "list": Entry("afield.cli.commands.review_list", "List what waits for one."),
    "show": Entry("afield.cli.commands.review_show", "Show one, with verdicts and comments."),
    "judge": Entry("afield.cli.commands.review_judge", "Say what you found."),
    "pass": Entry("afield.cli.commands.review_pass", "Have somebody else look."),
    "suggest": Entry("afield.cli.commands.review_suggest", "Say who could look."),
    "withdraw": Entry("afield.cli.commands.review_withdraw", "Take one back."),
}

TASK_COMMANDS: dict[str, Entry] = {
    "new": Entry("afield.cli.commands.task_new", "Write one down; `new` may be left out."),
    "list": Entry("afield.cli.commands.task_list", "List what is to be done."),
    "show": Entry("afield.cli.commands.task_show", "Show one, with its parts."),
    "change": Entry("afield.cli.commands.task_change", "Change one."),
    "done": Entry("afield.cli.commands.task_done", "Say that one is done, or dropped."),
    "reopen": Entry("afield.cli.commands.task_reopen", "Open one again."),
    "matrix": Entry("afield.cli.commands.task_matrix", "Show what to do first."),
    "six": Entry("afield.cli.commands.task_six", "Choose or show the six for a day."),
}

DATA_COMMANDS: dict[str, Entry] = {
    "add": Entry("afield.cli.commands.data_add", "Keep a file or folder as a new version."),
    "list": Entry("afield.cli.commands.data_list", "List the datasets."),
    "show": Entry("afield.cli.commands.data_show", "Show a dataset: versions, files, columns."),
    "diff": Entry("afield.cli.commands.data_diff", "Say how two versions differ, row by row."),
    "get": Entry("afield.cli.commands.data_get", "Write a version's files into a folder."),
    "check": Entry("afield.cli.commands.data_check", "Say which version a path holds."),
    "card": Entry("afield.cli.commands.data_card", "Show, fill in or check the data card."),
    "drop": Entry("afield.cli.commands.data_drop", "Put versions out of sight, or back."),
}

TRACE_COMMANDS: dict[str, Entry] = {
    "list": Entry("afield.cli.commands.traces_list", "List the newest traces."),
    "show": Entry("afield.cli.commands.traces_show", "Show a trace with its spans."),
}

MODEL_COMMANDS: dict[str, Entry] = {
    "list": Entry("afield.cli.commands.model_list", "List the registered models."),
    "show": Entry("afield.cli.commands.model_show", "Show a model and its versions."),
    "register": Entry("afield.cli.commands.model_register", "Make a run's files a new version."),
    "alias": Entry("afield.cli.commands.model_alias", "Point a word at a version."),
    "stage": Entry("afield.cli.commands.model_stage", "Say what a version is for."),
}

IMPORT_COMMANDS: dict[str, Entry] = {
    "dvc": Entry("afield.cli.commands.import_dvc", "Versions from a DVC repository's history."),
    "folder": Entry("afield.cli.commands.import_folder", "Folders as the versions of one dataset."),
    "mlflow": Entry("afield.cli.commands.import_mlflow", "Runs of an MLflow store or server."),
    "wandb": Entry("afield.cli.commands.import_wandb", "Runs from W&B's own files."),
    "tensorboard": Entry(
        "afield.cli.commands.import_tensorboard", "Runs of a TensorBoard log folder."
    ),
}

EXPORT_COMMANDS: dict[str, Entry] = {
    "mlflow": Entry("afield.cli.commands.export_mlflow", "Runs as a store of MLflow's."),
}

MEMBER_COMMANDS: dict[str, Entry] = {
    "list": Entry("afield.cli.commands.member_list", "List the members and their roles."),
    "invite": Entry("afield.cli.commands.member_invite", "Let somebody in, with roles."),
    "grant": Entry("afield.cli.commands.member_grant", "Give somebody a role."),
    "revoke": Entry("afield.cli.commands.member_revoke", "Take a role from somebody."),
    "leave": Entry("afield.cli.commands.member_leave", "Somebody leaves: all of it ends."),
    "reset": Entry("afield.cli.commands.member_reset", "A code for who forgot the password."),
    "second-factor": Entry("afield.cli.commands.member_second_factor", "Set up your codes."),
}

TOKEN_COMMANDS: dict[str, Entry] = {
    "create": Entry("afield.cli.commands.token_create", "Make a token; shown once."),
    "list": Entry("afield.cli.commands.token_list", "List your tokens."),
    "revoke": Entry("afield.cli.commands.token_revoke", "Revoke one, at once."),
}

ACCESS_COMMANDS: dict[str, Entry] = {
    "review": Entry("afield.cli.commands.access_review", "Who can do what, and what was refused."),
}

ASK_COMMANDS: dict[str, Entry] = {
    "new": Entry("afield.cli.commands.ask_new", "Ask; `new` may be left out."),
    "list": Entry("afield.cli.commands.ask_list", "List what is asked and not closed."),
    "show": Entry("afield.cli.commands.ask_show", "Show one, with its answers."),
    "answer": Entry("afield.cli.commands.ask_answer", "Answer one."),
    "close": Entry("afield.cli.commands.ask_close", "Say what came of one."),
    "reopen": Entry("afield.cli.commands.ask_reopen", "Open one again."),
    "pass": Entry("afield.cli.commands.ask_pass", "Let somebody else be asked."),
}

BLOCKER_COMMANDS: dict[str, Entry] = {
    "new": Entry("afield.cli.commands.blocker_new", "Say what blocks you; `new` may be left out."),
    "list": Entry("afield.cli.commands.blocker_list", "List those in the way, oldest first."),
    "offer": Entry("afield.cli.commands.blocker_offer", "Offer help with one."),
    "clear": Entry("afield.cli.commands.blocker_clear", "Say that one is out of the way."),
    "reopen": Entry("afield.cli.commands.blocker_reopen", "Say that one is in the way again."),
}

HOURS_COMMANDS: dict[str, Entry] = {
    "show": Entry("afield.cli.commands.hours_show", "Show when somebody works."),
    "zone": Entry("afield.cli.commands.hours_zone", "Say in which time zone you are."),
    "set": Entry("afield.cli.commands.hours_set", "Say when you work."),
    "leave": Entry("afield.cli.commands.hours_leave", "Say when you are away."),
    "holidays": Entry("afield.cli.commands.hours_holidays", "Say whose holidays you have."),
    "focus": Entry("afield.cli.commands.hours_focus", "Say when not to disturb you."),
    "import": Entry(
        "afield.cli.commands.hours_import", "Take days off and busy times out of a calendar."
    ),
    "export": Entry("afield.cli.commands.hours_export", "Write shifts and leave for a calendar."),
}
