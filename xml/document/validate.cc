#include "xml/document/validate.hh"

#include <fmt/format.h>
#include <libxml/relaxng.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>

#include "base/process/build_tree.hh"
#include "config.hh"
#include "xml/document/crowds.hh"

namespace lxvirt::xml {

namespace {

// Returns the path of a schema: in LXVIRT_SCHEMAS if that is set, in the source tree for a program
// that runs from its build tree, else where it is installed.
std::string schema_path(std::string_view name) {
    if (const char* folder = std::getenv("LXVIRT_SCHEMAS"))
        return fmt::format("{}/{}", folder, name);
    const auto tree = base::own_build_tree();
    return fmt::format("{}/{}", tree ? tree->source + "/schemas" : SCHEMA_FOLDER, name);
}

struct FreeParser {
    void operator()(xmlRelaxNGParserCtxt* parser) const { xmlRelaxNGFreeParserCtxt(parser); }
};
struct FreeSchema {
    void operator()(xmlRelaxNG* schema) const { xmlRelaxNGFree(schema); }
};
struct FreeValidator {
    void operator()(xmlRelaxNGValidCtxt* validator) const { xmlRelaxNGFreeValidCtxt(validator); }
};
using Schema = std::unique_ptr<xmlRelaxNG, FreeSchema>;

// The first error that libxml2 reports.
struct Problem {
    int line = 0;
    std::string text;
};

// Keeps the first error. libxml2 reports the innermost choice that failed first, and then each
// element around it, and the first says most.
void collect(void* data, xmlError* error) {
    auto* problem = static_cast<Problem*>(data);
    if (error->message == nullptr || !problem->text.empty()) return;
    problem->text = error->message;
    while (!problem->text.empty() && problem->text.back() == '\n') problem->text.pop_back();
    const auto* node = static_cast<xmlNode*>(error->node);
    problem->line = node != nullptr && node->type == XML_ELEMENT_NODE
                        ? static_cast<int>(reinterpret_cast<std::intptr_t>(node->_private) >> 1)
                        : error->line;
}

// Throws internal_error with libxml2's words if the schema cannot be read.
Schema load_schema(const std::string& path) {
    const std::unique_ptr<xmlRelaxNGParserCtxt, FreeParser> parser(
        xmlRelaxNGNewParserCtxt(path.c_str()));
    Problem problem;
    if (parser)
        xmlRelaxNGSetParserStructuredErrors(
            parser.get(), reinterpret_cast<xmlStructuredErrorFunc>(collect), &problem);
    Schema schema(parser ? xmlRelaxNGParse(parser.get()) : nullptr);
    if (!schema)
        base::fail(base::ErrorCode::internal_error, "Unable to parse schema {}: {}", path,
                   problem.text);
    return schema;
}

// Returns the schema. It is parsed once in a process, since that takes some milliseconds.
xmlRelaxNG* schema_of(const std::string& path) {
    static std::map<std::string, Schema> read;
    Schema& schema = read[path];
    if (!schema) schema = load_schema(path);
    return schema.get();
}

// Validates what of the document is linked now. 0 means valid; a negative number is an error of
// libxml2 itself.
bool is_valid(Document& document, const std::string& path, Problem& problem) {
    const std::unique_ptr<xmlRelaxNGValidCtxt, FreeValidator> validator(
        xmlRelaxNGNewValidCtxt(schema_of(path)));
    if (!validator) base::fail(base::ErrorCode::no_memory, "schema validator");
    xmlRelaxNGSetValidStructuredErrors(validator.get(),
                                       reinterpret_cast<xmlStructuredErrorFunc>(collect), &problem);
    return xmlRelaxNGValidateDoc(validator.get(), document.get()) == 0;
}

// Finds words for a refusal. Inside an interleave libxml2 names only the outermost element and no
// line, while our parsers know the place: the text is the first error that they throw, or else the
// list of what they would leave out.
std::string explain(Document& document, const Problem& problem,
                    const std::function<void()>& parse) {
    try {
        parse();
    } catch (const base::Error& error) {
        return error.message();
    }
    document.report_unread();
    std::string result;
    for (const Notice& notice : document.take_notices()) result += notice.message() + "\n";
    if (!result.empty()) return result;
    return fmt::format("{}:{}: {}", document.file(), problem.line, problem.text);
}

}  // namespace

void validate(Document& document, std::string_view name, const std::function<void()>& parse) {
    const std::string path = schema_path(name);
    Problem problem;
    const bool valid = Crowds(xmlDocGetRootElement(document.get())).each_view([&] {
        return is_valid(document, path, problem);
    });
    if (valid) return;
    if (document.collects())
        return document.refuse({document.file(), std::max(problem.line, 1), problem.text});
    base::fail(base::ErrorCode::xml_invalid_schema, "Unable to validate doc against {}\n{}", path,
               explain(document, problem, parse));
}

}  // namespace lxvirt::xml
