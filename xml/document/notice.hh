// What a document says to its user beside what it means.
#pragma once

#include <string>

namespace lxvirt::xml {

// Something in the document that is left out of what is stored: one line for the user.
struct Notice {
    std::string file;
    int line = 0;
    std::string text;  // "<cpu> is not supported by lxvirt and was left out"
    [[nodiscard]] std::string message() const;  // "FILE:LINE: TEXT"
};

}  // namespace lxvirt::xml
