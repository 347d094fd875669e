// Tables in virsh's layout. A cell is a blank, the text padded to the width of its column, and two
// blanks; nothing follows the last column's text. Below the header is a rule as long as the sum of
// (width + 3) over the columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "terminal/color.hh"
#include "terminal/width.hh"

namespace lxvirt::terminal {

// Returns what stands in a cell without a text.
[[nodiscard]] inline std::string or_dash(const std::string& text) {
    return text.empty() ? std::string("-") : text;
}

// A table that is built row by row and printed at the end, when the widths are known.
class Table {
  public:
    explicit Table(const std::vector<std::string>& header);
    // Adds a row; cells beyond the header are dropped, missing ones are empty.
    void add(const std::vector<std::string>& row);
    // Gives the cell of that column in the last row a colour.
    void paint(std::size_t column, Paint paint);
    // Returns the table. Without its header (quiet mode), the widths are those of the rows alone.
    [[nodiscard]] std::string text(bool with_header = true) const;

  private:
    struct Cell : Printable {
        Paint paint = Paint::plain;
    };
    using Row = std::vector<Cell>;
    static Row cells(const std::vector<std::string>& texts);
    static void append_row(std::string& out, const Row& row,
                           const std::vector<std::size_t>& widths);
    Row header_;
    std::vector<Row> rows_;
};

}  // namespace lxvirt::terminal
