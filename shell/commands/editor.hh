// Lets the user change a text in an editor: $VISUAL, $EDITOR or vi, on a temporary file.
#pragma once

#include <string>
#include <string_view>

namespace lxvirt::shell {

// A temporary file in $TMPDIR or /tmp, readable by its owner only. The destructor removes it.
class EditedFile {
  public:
    // Makes the file with this text. Throws SystemError.
    explicit EditedFile(std::string_view text);
    ~EditedFile();
    EditedFile(const EditedFile&) = delete;
    EditedFile& operator=(const EditedFile&) = delete;

    // Runs the editor and waits for it. Throws Failure if the editor cannot be run or ends with a
    // status other than 0, and if no editor is named and there is no terminal for vi.
    void edit() const;
    // Returns what the file contains now. Throws SystemError.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace lxvirt::shell
