"""gdb looks at sisal's fibers, in a process that runs and in a core file.

    (gdb) source sisal.py
    (gdb) sisal fibers          every fiber: number, name, state, what it waits for, where it was spawned
    (gdb) sisal fiber 12        bt, up, info locals .. now look at that one, from frame 1 on
    (gdb) sisal thread          and at the thread again

A parked or ready fiber has left its registers on its own stack, as corosensei's `switch_yield` does it. Nothing is written into the process:
what gdb finds beyond frame 0 of the thread is the fiber's, by an unwinder of this file. It knows x86-64, and needs full debug information of
sisal (`debug = true` in the profile).
"""

import re

import gdb
from gdb.unwinder import Unwinder

CREWS = "sisal_scheduler::runtime::every::CREWS"
TASK = "sisal_scheduler::task::header::Header"
RECORD = "sisal_scheduler::task::record::Record"
POST = "sisal_scheduler::post::Post"
CREW = "sisal_scheduler::crew::Crew"
MEMBER = "sisal_scheduler::crew::Member"

# The lowest bit of a fiber's word, see `sisal-park`'s `word`.
PARKED = 1


def word_at(address, size=8):
    """The number at that address."""
    return int.from_bytes(gdb.selected_inferior().read_memory(address, size).tobytes(), "little")


def text_at(address):
    """The string whose pointer and length stand at that address."""
    start, length = word_at(address), word_at(address + 8)
    return gdb.selected_inferior().read_memory(start, length).tobytes().decode("utf-8", "replace") if length else ""


def typed(name):
    try:
        return gdb.lookup_type(name)
    except gdb.error:
        raise gdb.GdbError(f"no debug information of {name}: build with `debug = true`")


def at(address, name):
    """What of that type stands at that address."""
    return gdb.Value(address).cast(typed(name).pointer()).dereference()


def dig(value, name):
    """The field of that name in a value, or in what that wraps, the nearest first."""
    found = [value]
    while found:
        value = found.pop(0)
        if value.type.strip_typedefs().code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
            continue
        fields = [field for field in value.type.fields() if field.name and hasattr(field, "bitpos")]
        for field in fields:
            if field.name == name:
                return value[field]
        found += [value[field] for field in fields]
    raise gdb.GdbError(f"no field {name}: another version of sisal?")


def field_at(value, name):
    """The address of that field."""
    return int(dig(value, name).address)


def pointer_in(value):
    """The address of the first word of a pointer, however it is wrapped."""
    return word_at(int(value.address))


def items_of(vector):
    """Where the items of a `Vec` begin, and how many there are."""
    return pointer_in(dig(vector, "ptr")), int(dig(vector, "len"))


class Fiber:
    """What the scheduler knows of one."""

    def __init__(self, task):
        header = at(task, TASK)
        self.id = word_at(field_at(header, "id"))
        name = word_at(field_at(header, "name"))
        self.name = text_at(name) if name else None
        self.is_parked = bool(word_at(field_at(header, "word"), 4) & PARKED)
        site = word_at(field_at(header, "site"))
        # A `Location`: the file, then line and column.
        self.site = f"{text_at(site)}:{word_at(site + 16, 4)}".replace("\0", "")
        home = word_at(field_at(header, "home"))
        self.home = word_at(field_at(at(home, POST), "index")) if home else None
        self.record = word_at(field_at(header, "record"))

    def reason(self):
        cell = dig(at(self.record, RECORD), "reason")
        reason = dig(cell, "value")
        while "Cell" in reason.type.name:
            reason = dig(reason, "value")
        # gdb writes `{7, Recv = {__0 = 140737219954176, __1 = {__0 = 16}}}`, or as Rust does, by version.
        text = str(reason).replace("sisal_park::reason::Reason::", "")
        kind = re.search(r"[A-Z]\w+", text)
        numbers = [int(number) for pair in re.findall(r"[=(,] (\d+)|\((\d+)", text) for number in pair if number]
        shown = [hex(number) if number > 1 << 32 else str(number) for number in numbers]
        return " ".join([kind.group().lower() if kind else text] + shown)

    def stack_pointer(self):
        """Where its registers are, if it does not run."""
        option = dig(at(self.record, RECORD), "resumable")
        resumable = option.address.cast(typed("sisal_coro::switch::Resumable").pointer()).dereference()
        return word_at(field_at(resumable, "stack_ptr"))

    def registers(self):
        # Top down: the next instruction, RBX, RBP; then the stack goes on.
        top = self.stack_pointer()
        return {"rip": word_at(top), "rbx": word_at(top + 8), "rbp": word_at(top + 16), "rsp": top + 24}


def fibers():
    """The started fibers of all runtimes."""
    try:
        crews = gdb.lookup_global_symbol(CREWS) or gdb.lookup_static_symbol(CREWS)
        crews = crews.value() if crews else gdb.parse_and_eval(CREWS)
    except gdb.error:
        raise gdb.GdbError("no fibers: the program has no sisal in it, or no debug information")
    first, count = items_of(dig(crews, "data"))
    for index in range(count):
        # A `Weak` points to two counters, and what they count.
        shared = word_at(first + 8 * index)
        if word_at(shared) == 0:
            continue
        align = typed(CREW).alignof
        crew = at(shared + max(16, align), CREW)
        members = field_at(crew, "members")
        start, length = word_at(members), word_at(members + 8)
        stride = typed(f"crossbeam_utils::cache_padded::CachePadded<{MEMBER}>").sizeof
        for member in range(length):
            tasks, live = items_of(dig(at(start + stride * member, MEMBER), "tasks"))
            for place in range(live):
                yield Fiber(word_at(tasks + 8 * place))


class FiberId:
    """What names a frame to gdb."""

    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class FiberUnwinder(Unwinder):
    """Makes a fiber's frames follow the thread's innermost one."""

    def __init__(self):
        super().__init__("sisal")
        self.registers = None
        self.thread = None

    def __call__(self, frame):
        if self.registers is None or frame.level() != 0 or gdb.selected_thread().num != self.thread:
            return None
        pointer = frame.read_register("rsp").type
        # gdb holds a frame that lies below the one it was called from for a mistake.
        below = gdb.Value(self.registers["rsp"] - 32).cast(pointer)
        info = frame.create_unwind_info(FiberId(below, frame.read_register("rip")))
        for name, value in self.registers.items():
            info.add_saved_register(name, gdb.Value(value).cast(frame.read_register(name).type))
        return info

    def look_at(self, registers):
        self.registers = registers
        self.thread = gdb.selected_thread().num
        gdb.invalidate_cached_frames()


UNWINDER = FiberUnwinder()
gdb.unwinder.register_unwinder(None, UNWINDER, replace=True)


class Sisal(gdb.Command):
    """sisal's fibers."""

    def __init__(self):
        super().__init__("sisal", gdb.COMMAND_STACK, gdb.COMPLETE_NONE, True)


class Fibers(gdb.Command):
    """sisal fibers: every fiber that has started and not ended."""

    def __init__(self):
        super().__init__("sisal fibers", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        count = 0
        for fiber in sorted(fibers(), key=lambda fiber: fiber.id):
            name = f" '{fiber.name}'" if fiber.name else ""
            # One that runs has no stack pointer of its own until it suspends again, and no wait.
            state = f"parked: {fiber.reason()}" if fiber.is_parked else "runs, or is ready"
            print(f"#{fiber.id}{name}, home {fiber.home}, {state}, spawned at {fiber.site}")
            count += 1
        print(f"{count} fibers")


class OneFiber(gdb.Command):
    """sisal fiber NUMBER: frames are that fiber's from now on, until `sisal thread`."""

    def __init__(self):
        super().__init__("sisal fiber", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        try:
            number = int(argument.strip().lstrip("#"))
        except ValueError:
            raise gdb.GdbError("sisal fiber NUMBER; `sisal fibers` lists them")
        for fiber in fibers():
            if fiber.id == number:
                if not fiber.is_parked:
                    print("it may be running: then these frames are where it was when it last went on")
                UNWINDER.look_at(fiber.registers())
                return
        raise gdb.GdbError(f"no fiber #{number}")


class Thread(gdb.Command):
    """sisal thread: frames are the thread's again."""

    def __init__(self):
        super().__init__("sisal thread", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        UNWINDER.look_at(None)


Sisal()
Fibers()
OneFiber()
Thread()
