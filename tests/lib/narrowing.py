"""A reader who computes: quantities by name, each an interval, and what holds between them; narrowed as far as all that goes. For tests/e2e/differencing.py."""
import collections
import math

FAR = 10 ** 9


class Attack:
    """Quantities by name, each an interval; sums and inequalities between them."""

    def __init__(self, k, listens=True):
        self.k = k
        self.low, self.high, self.small, self.sums, self.at_least = {}, {}, set(), [], []
        self.untold, self.listens, self.led = set(), listens, 0

    def left_out(self, key):
        """It is not even said whether it is small."""
        if key not in self.low:
            self.untold.add(key)
        self.bound(key, 0, FAR)

    def know(self, key, text):
        if text is None:
            return
        if text.startswith("<"):
            low, high = 0, int(text[1:]) - 1
            self.small.add(key)
        elif text.startswith("≥"):
            low, high = int(text[1:]), FAR
        else:
            low = high = int(text)
        self.bound(key, low, high)

    def bound(self, key, low, high):
        self.low[key] = max(low, self.low.get(key, 0))
        self.high[key] = min(high, self.high.get(key, FAR))

    def share(self, key, whole, percent):
        """KEY is PERCENT of WHOLE, rounded to a hundredth."""
        self.bound(key, math.floor(whole * (float(percent) - 0.01) / 100), math.ceil(whole * (float(percent) + 0.01) / 100))

    def small_by_word(self, key):
        self.bound(key, 0, self.k - 1)
        self.untold.add(key)

    def shown(self, key):
        return key in self.low and self.low[key] == self.high[key]

    def sum(self, total, parts):
        if total in self.low and all(part in self.low for part in parts):
            self.sums.append((total, parts))

    def narrow(self, rule, low, high):
        """By one sum or one inequality; the names that it has changed, or None where something cannot be."""
        changed = []
        if len(rule) == 2:
            total, parts = rule
            least, most = sum(low[part] for part in parts), sum(high[part] for part in parts)
            if least > low[total] or most < high[total]:
                low[total], high[total] = max(low[total], least), min(high[total], most)
                changed.append(total)
            for part in parts:
                was_low, was_high = low[part], high[part]
                low[part] = max(was_low, low[total] - (most - was_high))
                high[part] = min(was_high, high[total] - (least - low[part]))
                if low[part] > high[part]:
                    return None
                if (low[part], high[part]) != (was_low, was_high):
                    changed.append(part)
                least, most = least + low[part] - was_low, most + high[part] - was_high
        else:
            greater, lesser, divisor = rule  # greater >= lesser / divisor
            if math.ceil(low[lesser] / divisor) > low[greater]:
                low[greater] = math.ceil(low[lesser] / divisor)
                changed.append(greater)
            if high[greater] * divisor < high[lesser]:
                high[lesser] = high[greater] * divisor
                changed.append(lesser)
            if low[greater] > high[greater] or low[lesser] > high[lesser]:
                return None
        return changed

    def propagate(self, low, high, guessed=None):
        """Narrows, by all that is known or by what GUESSED has to do with; False where something cannot be."""
        rules = self.sums + self.at_least
        if guessed is None:
            self.about = collections.defaultdict(list)
            for number, rule in enumerate(rules):
                for key in {rule[0], *(rule[1] if len(rule) == 2 else [rule[1]])}:
                    self.about[key].append(number)
        queue = collections.deque(range(len(rules)) if guessed is None else self.about[guessed])
        waiting, left = set(queue), 200 * len(rules)
        while queue and left:
            number, left = queue.popleft(), left - 1
            waiting.discard(number)
            changed = self.narrow(rules[number], low, high)
            if changed is None:
                return False
            for again in {other for key in changed for other in self.about[key]} - waiting:
                queue.append(again)
                waiting.add(again)
        return True

    truth = {}

    def leaks(self):
        """The small figures of which more is known than that they are small."""
        low, high = dict(self.low), dict(self.high)
        if not self.propagate(low, high):
            return ["the report contradicts itself"]
        self.narrowed = low, high
        found = []
        self.small |= {key for key in self.untold if 0 < self.truth.get(key, 0) < self.k}
        for key in sorted(self.small, key=str):
            if low[key] > 1 or high[key] < self.k - 1:
                found.append((key, low[key], high[key]))
                continue
            for guess in (1, self.k - 1):
                trial_low, trial_high = dict(low), dict(high)
                trial_low[key] = trial_high[key] = guess
                if not self.propagate(trial_low, trial_high, key):
                    found.append((key, "cannot be %d" % guess))
        return found
