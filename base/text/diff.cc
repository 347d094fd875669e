#include "base/text/diff.hh"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace lxvirt::base {

namespace {

using Lines = std::vector<std::string_view>;

// A line of the result: ' ' in both texts, '-' in the first, '+' in the second.
struct Row {
    char sign;
    std::string_view line;
};

// Bounds the number of changes that are searched for: the trace takes at most 4 * kLongest^2 bytes.
constexpr int kLongest = 3000;

// Splits `text` into lines that keep their newlines.
Lines lines_of(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
        lines.push_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return lines;
}

// Runs Myers' search: for d = 0, 1, ... changes it computes on each diagonal k (k = x - y) the
// furthest x that can be reached, and keeps all of them to walk back along the path.
class Search {
  public:
    Search(const Lines& a, const Lines& b) : a_(a), b_(b) {}

    // Appends the rows in reverse order. Returns false where there are more than kLongest changes.
    bool run(std::vector<Row>& rows) {
        for (int d = 0; d <= kLongest; ++d) {
            trace_.emplace_back(static_cast<std::size_t>(2 * d + 1));
            for (int k = -d; k <= d; k += 2) {
                int x = start(d, k);
                int y = x - k;
                while (x < size(a_) && y < size(b_) && at(a_, x) == at(b_, y)) ++x, ++y;
                reach(d, k) = x;
                if (x < size(a_) || y < size(b_)) continue;
                walk_back(d, rows);
                return true;
            }
        }
        return false;
    }

  private:
    static int size(const Lines& lines) { return static_cast<int>(lines.size()); }
    static std::string_view at(const Lines& lines, int i) {
        return lines[static_cast<std::size_t>(i)];
    }
    // Returns the furthest x on diagonal k with d changes; the vector of d has the diagonals -d to
    // d.
    int& reach(int d, int k) {
        return trace_[static_cast<std::size_t>(d)][static_cast<std::size_t>(k + d)];
    }
    // Says whether change d reaches diagonal k by adding a line, and not by removing one.
    bool adds(int d, int k) {
        return k == -d || (k != d && reach(d - 1, k - 1) < reach(d - 1, k + 1));
    }
    // Returns where the path with d changes begins on diagonal k, before it follows equal lines.
    int start(int d, int k) {
        if (d == 0) return 0;
        return adds(d, k) ? reach(d - 1, k + 1) : reach(d - 1, k - 1) + 1;
    }
    // Follows the path backwards from the end of both texts.
    void walk_back(int d, std::vector<Row>& rows) {
        int x = size(a_), y = size(b_);
        for (; d >= 0; --d) {
            const int k = x - y;
            const int from = start(d, k);
            for (; x > from; --x, --y) rows.push_back({' ', at(a_, x - 1)});
            if (d == 0) return;
            if (adds(d, k))
                rows.push_back({'+', at(b_, --y)});
            else
                rows.push_back({'-', at(a_, --x)});
        }
    }

    const Lines& a_;
    const Lines& b_;
    std::vector<std::vector<int>> trace_;
};

// Strips the common beginning and end first, which leaves the search little to do in most cases.
std::vector<Row> rows_of(Lines a, Lines b) {
    std::vector<Row> rows, tail;
    std::size_t same = 0;
    while (same < a.size() && same < b.size() && a[same] == b[same])
        rows.push_back({' ', a[same++]});
    a.erase(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(same));
    b.erase(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(same));
    for (; !a.empty() && !b.empty() && a.back() == b.back(); a.pop_back(), b.pop_back())
        tail.push_back({' ', a.back()});
    std::vector<Row> middle;
    // With too many changes the middle becomes one block: all lines removed, then all added.
    if (!Search(a, b).run(middle)) {
        for (auto line = b.rbegin(); line != b.rend(); ++line) middle.push_back({'+', *line});
        for (auto line = a.rbegin(); line != a.rend(); ++line) middle.push_back({'-', *line});
    }
    rows.insert(rows.end(), middle.rbegin(), middle.rend());
    rows.insert(rows.end(), tail.rbegin(), tail.rend());
    return rows;
}

// Returns "FIRST,COUNT" counted from 1; for an empty range POSIX wants the line before it.
std::string range(std::size_t first, std::size_t count) {
    if (count == 1) return fmt::format("{}", first + 1);
    return fmt::format("{},{}", count == 0 ? first : first + 1, count);
}

// Formats the rows from `begin` to `end` as one hunk; `before` and `after` are the numbers of its
// first line in either text, counted from 0.
std::string hunk(const std::vector<Row>& rows, std::size_t begin, std::size_t end,
                 std::size_t before, std::size_t after) {
    std::size_t removed = 0, added = 0;
    std::string text;
    for (std::size_t i = begin; i < end; ++i) {
        removed += rows[i].sign != '+' ? 1 : 0;
        added += rows[i].sign != '-' ? 1 : 0;
        text += rows[i].sign;
        text += rows[i].line;
        if (!rows[i].line.ends_with('\n')) text += "\n\\ No newline at end of file\n";
    }
    return fmt::format("@@ -{} +{} @@\n", range(before, removed), range(after, added)) + text;
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after,
                         std::string_view before_label, std::string_view after_label,
                         std::size_t context) {
    if (before == after) return {};
    const std::vector<Row> rows = rows_of(lines_of(before), lines_of(after));
    std::string text = fmt::format("--- {}\n+++ {}\n", before_label, after_label);
    std::size_t x = 0, y = 0;  // lines of each text before row `at`
    std::size_t at = 0;
    const auto advance = [&](std::size_t to) {
        for (; at < to; ++at) {
            x += rows[at].sign != '+' ? 1 : 0;
            y += rows[at].sign != '-' ? 1 : 0;
        }
    };
    for (std::size_t i = 0; i < rows.size();) {
        if (rows[i].sign == ' ') {
            ++i;
            continue;
        }
        // Changes that are separated by little share a hunk.
        std::size_t last = i;
        for (std::size_t j = i; j < rows.size() && j <= last + 2 * context + 1; ++j)
            if (rows[j].sign != ' ') last = j;
        advance(i - std::min(i - at, context));
        const std::size_t end = std::min(rows.size(), last + context + 1);
        text += hunk(rows, at, end, x, y);
        advance(end);
        i = end;
    }
    return text;
}

}  // namespace lxvirt::base
