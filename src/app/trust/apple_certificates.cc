#include "app/trust/apple_certificates.h"

#include <array>

namespace countersign::app {
namespace {

// The first four are roots. Left out: the "IST" authorities, which certify web
// servers below roots of others.
constexpr std::array kCertificates = {
    AppleCertificate{
        "AppleIncRootCertificate.cer",
        "b0b1730ecbc7ff4505142c49f1295e6eda6bcaed7e2c68c5be91b5a11001f024"},
    AppleCertificate{
        "AppleRootCA-G2.cer",
        "c2b9b042dd57830e7d117dac55ac8ae19407d38e41d88f3215bc3a890444a050"},
    AppleCertificate{
        "AppleRootCA-G3.cer",
        "63343abfb89a6a03ebb57e9b3f5fa7be7c4f5c756f3017b3a8c488c3653e9179"},
    AppleCertificate{
        "AppleComputerRootCertificate.cer",
        "0d83b611b648a1a75eb8558400795375cad92e264ed8e9d7a757c1f5ee2bb22d"},
    AppleCertificate{
        "DeveloperIDCA.cer",
        "7afc9d01a62f03a2de9637936d4afe68090d2de18d03f29c88cfb0b1ba63587f"},
    AppleCertificate{
        "DeveloperIDG2CA.cer",
        "f16cd3c54c7f83cea4bf1a3e6a0819c8aaa8e4a1528fd144715f350643d2df3a"},
    AppleCertificate{
        "AppleTimestampCA.cer",
        "a776472f27690dabdb2c7cc90893bdf24158f967b3b1c3aef1c4ed1c92c9dd0d"},
    AppleCertificate{
        "AppleAAI2CA.cer",
        "d3496f4b73cd67aab9f2fcb1d5aa41f8dc457769c455c792b70ddb19e92023d6"},
    AppleCertificate{
        "AppleAAICA.cer",
        "0c7c598759e25631c44d3ca52dcb83b412fde9eeff1275d9d4ed413e9b4dfa40"},
    AppleCertificate{
        "AppleAAICAG3.cer",
        "a64b099dbd73ebb036b4204e1675e8aa821637d09b84980899104ad59d664a3b"},
    AppleCertificate{
        "AppleApplicationIntegrationCA5G1.cer",
        "c0d8efbea821079d1b8a98e1198bfcc669331fa7a9c14f09b969f0af08ce4a43"},
    AppleCertificate{
        "AppleApplicationIntegrationCA7G1.cer",
        "928265664dcb4f3e2ec82d93598f0782615e541d975e2254a27d0aa98724502e"},
    AppleCertificate{
        "AppleSoftwareUpdateCertificationAuthority.cer",
        "1299e9bfe776a29ff452f8c4f5e55f3b4dfd2934349dd1850b8274f35c71745c"},
    AppleCertificate{
        "AppleWWDRCA.cer",
        "ce057691d730f89ca25e916f7335f4c8a15713dcd273a658c024023f8eb809c2"},
    AppleCertificate{
        "AppleWWDRCAG2.cer",
        "9ed4b3b88c6a339cf1387895bda9ca6ea31a6b5ce9edf7511845923b0c8ac94c"},
    AppleCertificate{
        "AppleWWDRCAG3.cer",
        "dcf21878c77f4198e4b4614f03d696d89c66c66008d4244e1b99161aac91601f"},
    AppleCertificate{
        "AppleWWDRCAG4.cer",
        "ea4757885538dd8cb59ff4556f676087d83c85e70902c122e42c0808b5bce14c"},
    AppleCertificate{
        "AppleWWDRCAG5.cer",
        "53fd008278e5a595fe1e908ae9c5e5675f26243264a5a6438c023e3ce2870760"},
    AppleCertificate{
        "AppleWWDRCAG6.cer",
        "bdd4ed6e74691f0c2bfd01be0296197af1379e0418e2d300efa9c3bef642ca30"},
    AppleCertificate{
        "AppleWWDRCAG7.cer",
        "0f570d7502373a2102e2106faaa8fa4844944a07ee676198484f4d6ce15bea47"},
    AppleCertificate{
        "AppleWWDRCAG8.cer",
        "29901badea37c9f300ce9869956beeb001d7e71bffb2e2d9533e132a4e87e6bd"},
    AppleCertificate{
        "DevAuthCA.cer",
        "341ff0b1753889eb5f36921a7386129f302ce4ff603fabaebf06e01fdb236860"},
};

}  // namespace

std::span<const AppleCertificate> AppleCertificates() { return kCertificates; }

}  // namespace countersign::app
