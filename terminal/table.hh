// Tables in virsh's layout: each cell is a blank, the text padded to its column's width and two
// blanks, nothing after the last column; under the header stands a rule as long as the sum of
// (width + 3).
#pragma once

#include <string>
#include <vector>

#include "terminal/width.hh"

namespace lxvirt::terminal {

// What stands in a cell that has no text.
[[nodiscard]] inline std::string or_dash(const std::string& text) {
    return text.empty() ? std::string("-") : text;
}

class Table {
  public:
    explicit Table(const std::vector<std::string>& header);
    // As many cells as the header has.
    void add(const std::vector<std::string>& row);
    // Without a header (quiet mode) the widths are those of the rows alone.
    [[nodiscard]] std::string text(bool with_header = true) const;

  private:
    using Row = std::vector<Printable>;
    Row header_;
    std::vector<Row> rows_;
};

}  // namespace lxvirt::terminal
