#include "install/vsix/vsix.h"

#include <string>
#include <string_view>
#include <utility>

#include "formats/xml.h"
#include "install/documents/text_of.h"

namespace countersign::install {
namespace {

using formats::XmlTree;
using model::Action;
using model::ActionKind;

void AddAsset(const XmlTree& tree, uint32_t asset, ActionList& actions) {
  Action action;
  action.kind = ActionKind::kRegisterExtension;
  action.phase = model::ActionPhase::kUse;
  action.runs_as = model::RunsAs::kUser;
  action.statement = "Asset";
  action.name = AttributeText(tree, asset, "Type");
  action.target = AttributeText(tree, asset, "Path");
  action.evidence = {tree[asset].offset, 0};
  actions.Add(std::move(action));
}

}  // namespace

base::Result<void> ReadVsixManifest(const Place& /*place*/,
                                    const base::Blob& file,
                                    base::Budget& budget, ActionList& actions) {
  const XmlTree tree = CS_TRY(formats::ParseXml({file.View(), 0}, budget));
  for (const uint32_t part : tree.Children(tree.Root())) {
    if (tree[part].name.Local() == "Assets") {
      for (const uint32_t asset : tree.Children(part)) {
        if (actions.IsFull()) {
          return {};
        }
        AddAsset(tree, asset, actions);
      }
    }
  }
  return {};
}

}  // namespace countersign::install
