// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";

import {ISubjectRegistry} from "../interfaces/ISubjectRegistry.sol";

/// @title Sets of controllers, and who of them signed
/// @notice See ISubjectRegistry for the form of a set. P-256 is checked by the precompile at 0x100 (EIP-7951) where there is
/// one, and in Solidity where there is none.
library ControllerSet {
    uint256 internal constant MAX_KEYS = 16;
    bytes1 private constant SET_TAG = 0x31;
    uint8 private constant SECP256K1 = 0x01;
    uint8 private constant PASSKEY = 0x02;
    /// @dev person, kind; then an address, or rpIdHash, x and y
    uint256 private constant HEAD_LENGTH = 2;
    uint256 private constant ADDRESS_LENGTH = 20;
    uint256 private constant PASSKEY_LENGTH = 96;
    uint256 private constant HALF_ORDER = P256.N / 2;

    /// @notice The commitment, and where in `keys` each key begins.
    function open(ISubjectRegistry.Controllers calldata set)
        internal
        pure
        returns (bytes32 commitment, uint256[] memory starts)
    {
        bytes calldata keys = set.keys;
        starts = new uint256[](MAX_KEYS);
        uint256 count;
        uint256 offset;
        while (offset < keys.length) {
            if (count == MAX_KEYS) revert ISubjectRegistry.SubjectControllersMalformed();
            starts[count++] = offset;
            offset += HEAD_LENGTH;
            if (offset > keys.length) revert ISubjectRegistry.SubjectControllersMalformed();
            offset += _lengthOf(uint8(keys[offset - 1]));
        }
        if (offset != keys.length || count == 0 || set.threshold == 0) {
            revert ISubjectRegistry.SubjectControllersMalformed();
        }
        assembly ("memory-safe") {
            mstore(starts, count)
        }
        // count is at most 16
        commitment = keccak256(abi.encodePacked(SET_TAG, set.salt, set.threshold, uint8(count), keys));
    }

    /// @notice Requires that `needed` different persons of the set signed the digest, in the order of their keys. Every
    /// signature that is there must be right.
    function requireSigned(
        ISubjectRegistry.Controllers calldata set,
        uint256[] memory starts,
        bytes32 digest,
        ISubjectRegistry.ControllerSignature[] calldata signatures,
        uint256 needed
    ) internal view {
        bytes32[] memory seen = new bytes32[](starts.length);
        uint256 persons = 0;
        uint256 count = 0;
        uint256 next = 0;
        for (uint256 i = 0; i < signatures.length; ++i) {
            uint256 index = signatures[i].index;
            if (index >= starts.length) revert ISubjectRegistry.SubjectSignatureWrong(index);
            if (index < next) revert ISubjectRegistry.SubjectSignatureRepeated(index);
            next = index + 1;
            (uint8 person, bytes32 key) =
                _requireSignature(set.keys[starts[index]:], index, digest, signatures[i].signature);
            for (uint256 j = 0; j < i; ++j) {
                if (seen[j] == key) revert ISubjectRegistry.SubjectSignatureRepeated(index);
            }
            seen[i] = key;
            uint256 bit = uint256(1) << person;
            if (persons & bit == 0) ++count;
            persons |= bit;
        }
        if (count < needed) revert ISubjectRegistry.SubjectThresholdNotMet(count, needed);
    }

    /// @notice Requires that one key of the set signed the digest.
    function requireSignature(
        ISubjectRegistry.Controllers calldata set,
        uint256[] memory starts,
        bytes32 digest,
        ISubjectRegistry.ControllerSignature calldata signature
    ) internal view {
        uint256 index = signature.index;
        if (index >= starts.length) revert ISubjectRegistry.SubjectSignatureWrong(index);
        _requireSignature(set.keys[starts[index]:], index, digest, signature.signature);
    }

    /// @dev Requires a signature by the key that `keys` begins with; its person, and what tells it from other keys.
    function _requireSignature(bytes calldata keys, uint256 index, bytes32 digest, bytes calldata signature)
        private
        view
        returns (uint8 person, bytes32 key)
    {
        person = uint8(keys[0]);
        bool right;
        if (uint8(keys[1]) == SECP256K1) {
            address signer = address(bytes20(keys[HEAD_LENGTH:HEAD_LENGTH + ADDRESS_LENGTH]));
            key = bytes32(uint256(uint160(signer)));
            (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecover(digest, signature);
            right = problem == ECDSA.RecoverError.NoError && recovered == signer;
        } else {
            bytes32 rpIdHash = bytes32(keys[HEAD_LENGTH:HEAD_LENGTH + 32]);
            bytes32 x = bytes32(keys[HEAD_LENGTH + 32:HEAD_LENGTH + 64]);
            bytes32 y = bytes32(keys[HEAD_LENGTH + 64:HEAD_LENGTH + 96]);
            key = keccak256(abi.encode(x, y));
            right = _isAsserted(digest, rpIdHash, x, y, signature);
        }
        if (!right) revert ISubjectRegistry.SubjectSignatureWrong(index);
    }

    /// @dev Authenticators make either s, and the library takes the lower one. It does not look at the rpId hash.
    function _isAsserted(bytes32 digest, bytes32 rpIdHash, bytes32 x, bytes32 y, bytes calldata signature)
        private
        view
        returns (bool)
    {
        (bool decoded, WebAuthn.WebAuthnAuth calldata given) = WebAuthn.tryDecodeAuth(signature);
        if (!decoded) return false;
        WebAuthn.WebAuthnAuth memory auth = given;
        if (auth.authenticatorData.length < 32 || bytes32(auth.authenticatorData) != rpIdHash) return false;
        uint256 s = uint256(auth.s);
        if (s > HALF_ORDER && s < P256.N) auth.s = bytes32(P256.N - s);
        return WebAuthn.verify(abi.encodePacked(digest), auth, x, y);
    }

    function _lengthOf(uint8 kind) private pure returns (uint256) {
        if (kind == SECP256K1) return ADDRESS_LENGTH;
        if (kind == PASSKEY) return PASSKEY_LENGTH;
        revert ISubjectRegistry.SubjectControllersMalformed();
    }
}
