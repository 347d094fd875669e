#include "xml/document/xpath.hh"

#include <fmt/format.h>
#include <libxml/xpath.h>

#include <memory>

#include "xml/document/document.hh"

namespace lxvirt::xml {

namespace {

struct FreeContext {
    void operator()(xmlXPathContext* context) const { xmlXPathFreeContext(context); }
};
struct FreeObject {
    void operator()(xmlXPathObject* object) const { xmlXPathFreeObject(object); }
};

// Suppresses libxml2's messages on standard error; the caller throws its own.
void keep_quiet(void*, xmlError*) {}

}  // namespace

std::vector<std::string> evaluate_xpath(std::string_view text, const std::string& xpath) {
    Document document(text, "(domain)");
    const std::unique_ptr<xmlXPathContext, FreeContext> context(xmlXPathNewContext(document.get()));
    if (!context) base::fail(base::ErrorCode::no_memory, "XPath context");
    context->error = reinterpret_cast<xmlStructuredErrorFunc>(keep_quiet);
    const std::unique_ptr<xmlXPathObject, FreeObject> found(
        xmlXPathEvalExpression(reinterpret_cast<const xmlChar*>(xpath.c_str()), context.get()));
    // Numbers and texts, which XPath also has as results, are no parts of the document.
    if (!found || found->type != XPATH_NODESET)
        base::fail(base::ErrorCode::internal_error, "Incorrect xpath '{}'", xpath);
    std::vector<std::string> result;
    if (found->nodesetval == nullptr) return result;
    for (int i = 0; i < found->nodesetval->nodeNr; ++i)
        result.push_back(serialize(found->nodesetval->nodeTab[i], 0));
    return result;
}

}  // namespace lxvirt::xml
