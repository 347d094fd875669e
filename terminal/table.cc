#include "terminal/table.hh"

#include <algorithm>

namespace lxvirt::terminal {

// Prepares the texts of a row for the terminal.
Table::Row Table::cells(const std::vector<std::string>& texts) {
    Row row;
    row.reserve(texts.size());
    for (const std::string& text : texts) row.push_back({printable(text)});
    return row;
}

// Appends a row. Columns are three blanks apart at least, one before and two after, as in virsh;
// the last one is not padded.
void Table::append_row(std::string& out, const Row& row, const std::vector<std::size_t>& widths) {
    for (std::size_t i = 0; i < row.size(); ++i) {
        out += ' ';
        out += painted(row[i].text, row[i].paint);
        if (i + 1 < row.size()) out.append(widths[i] - row[i].columns + 2, ' ');
    }
    out += '\n';
}

Table::Table(const std::vector<std::string>& header) : header_(cells(header)) {}

void Table::add(const std::vector<std::string>& row) {
    rows_.push_back(cells(row));
    // A short row gets empty cells at its end.
    rows_.back().resize(header_.size());
}

void Table::paint(std::size_t column, Paint paint) {
    rows_.back().at(column).paint = paint;
}

std::string Table::text(bool with_header) const {
    std::vector<std::size_t> widths(header_.size(), 0);
    const auto widen = [&widths](const Row& row) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].columns);
    };
    if (with_header) widen(header_);
    for (const Row& row : rows_) widen(row);
    std::string out;
    if (with_header) {
        append_row(out, header_, widths);
        std::size_t rule = 0;
        for (const std::size_t width : widths) rule += width + 3;
        // The rule below the header is as wide as the table.
        out.append(rule, '-');
        out += '\n';
    }
    for (const Row& row : rows_) append_row(out, row, widths);
    return out;
}

}  // namespace lxvirt::terminal
