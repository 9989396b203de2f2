// The theories that a recipe can choose (`theory: {model: …}`): forward models by name, each with
// what it needs to know of the instrument and with the images that it takes for itself.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/status.h"
#include "hw/instrument/instrument.h"
#include "theory/forward/forward_model.h"

namespace ronchi {

// What a recipe lets a theory know.
struct TheoryContext {
  Config train_instrument, deploy_instrument;
};

// A theory, chosen and read; none of it has touched an instrument.
struct PreparedTheory {
  theory::ParameterSet parameters;
  // Parameters, in nm, whose change the settings' origin follows: C10, C12a, C12b, or none.
  std::vector<std::string> followed;
  // The images that it takes for an estimate from nothing: C10 changed by so many
  // monitor.probe_defocus_nm in each.
  std::vector<double> own_images;
  bool made_of_images = false;  // the model is of these images, and anew at each estimate
  // What takes long and needs no image; may be empty.
  std::function<absl::Status()> load;
  // The model of images that are scanned like this one by this detector.
  std::function<absl::StatusOr<std::shared_ptr<const theory::ForwardModel>>(
      const hw::Scan&, const hw::DetectorInfo&, std::span<const theory::Acquisition> own)>
      make;
};

struct ForwardModelKind {
  std::string name;     // "scanned_crystal"
  std::string summary;  // a line for people
  // Reads the keys beside `model`, whose mistakes stay with the reader. Null: recipes cannot choose
  // it; it is for programs in C++. InvalidArgument: an instrument that it cannot be a theory of.
  absl::StatusOr<PreparedTheory> (*prepare)(ConfigReader* keys, const TheoryContext&) = nullptr;
  std::string once = "";  // its name in files of earlier versions
};

const std::vector<ForwardModelKind>& ForwardModelKinds();
// By its name of now or before. InvalidArgument: there is none, or none for recipes.
absl::StatusOr<const ForwardModelKind*> FindForwardModel(const std::string& name);

}  // namespace ronchi
