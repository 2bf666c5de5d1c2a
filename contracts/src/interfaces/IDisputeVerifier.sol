// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IAnchorRegistry} from "./IAnchorRegistry.sol";

/// @title Settles on chain what an attestation shows, by the rules that every verifier follows off chain (CL1)
/// @notice Stateless: it stores nothing, is owned by nobody, and decides the same for whoever asks. It is not part of the
/// ledger's ordinary work; it is there for the day when two parties do not believe each other's software.
///
/// A dispute about a claim is settled by one call of a settle function. It takes schemaId and fieldsRoot from the header and
/// requires, in this order and with an error for each:
///
///     1. the header belongs to this chain, this registry and the member that anchored, in the stream of attestations
///     2. the header leads to the batch's root from its index, and exactly this batch is on record
///     3. the member was allowed to issue the header's schema when it anchored
///     4. the key that anchored is not known as compromised from then on or before
///     5. the attestation is neither revoked nor superseded nor past its validUntil, now (by eth_call at a block: then)
///     6. what is shown of the field leads to the header's fieldsRoot
///
/// It returns the header's digest, so that an address without code cannot pass for a "yes". The check functions are the
/// parts, for whoever needs one: checkInclusion is 1 and 2, every other check is 6 under a schemaId and fieldsRoot that the
/// caller answers for. Outside this contract remain how old an attestation may be, its period, and the consent.
///
/// Every check answers one statement. True: it is proven. False: what was shown does not lead to the committed root, so
/// nothing is proven; that is never a "no", and neither is an error of a settle function. A "no" is a proof of the complement:
///
///     v >= L_j             v < L_j (the same j)
///     L_low <= v < L_high  v < L_low, or v >= L_high
///     v in S               v in the members that are not in S; "not in S" is this statement too
///     v has any of S       v has none of S: any is shown by one member that is present, none by all that are missing
///     v has all of S       one member of S is missing
///     any of a value       absent: the field has no value, and no statement about one can be told
///
/// A revert with one of the errors below: what was given cannot be a proof of anything, whatever the root.
///
/// What the caller answers for. This contract reads no schema, only its id. The meaning of an index, the depth of the tree of
/// fields (ceil log2 of their number), the thresholds L_1 < … < L_K, their number K, the order and number of members, the
/// type of a plain value, its scale and its currency are what the JSON says whose digest is the schemaId. `v > x` and
/// `v <= x` are `v >= L_j` and `v < L_j` where L_j is the value after x. Whoever relies on an answer takes them from
/// there. With another K than the schema's, `<` is a statement about another threshold.
///
/// H is keccak256; integers are big-endian. Loops are bounded: 65,535 steps in a call, whatever the statement, 32 siblings,
/// 256 members, 1,024 bytes. A step costs about 112 gas, so no call costs more than 7.5 million.
///
/// Calldata is public and stays so: ask by eth_call unless the answer has to stand in a block. What is shown is what the bank
/// was shown, and proofs are transferable.
interface IDisputeVerifier {
    /// @notice Everything of an attestation but its values. Times are seconds, dates days, since 1970-01-01 UTC.
    struct Header {
        bytes32 schemaId;
        bytes32 fieldsRoot;
        bytes32 subjectTag;
        bytes32 issuer;
        uint64 issuedAt;
        uint64 validUntil;
        uint32 asOf;
        uint32 periodFrom;
        uint32 periodTo;
        bytes32 supersedes;
        uint64 chainId;
        address anchorRegistry;
    }

    /// @notice Where a field is committed to: its slot, its salt, and the siblings from its leaf to the fieldsRoot.
    struct Field {
        bytes32 schemaId;
        uint16 index;
        uint8 depth;
        bytes32 salt;
        bytes32[] path;
    }

    /// @notice A field without its schema, which the header names: slot, depth of the tree of fields, salt and siblings.
    struct Slot {
        uint16 index;
        uint8 depth;
        bytes32 salt;
        bytes32[] path;
    }

    /// @notice An attestation in its batch: what is on record of the batch, the header, its index and its siblings.
    struct Attestation {
        IAnchorRegistry.Anchor anchor;
        Header header;
        uint256 index;
        bytes32[] path;
    }

    /// @notice A tree has at most 32 levels.
    error PathTooDeep(uint256 depth, uint256 limit);
    /// @notice A path has exactly as many siblings as its tree has levels.
    error PathLengthWrong(uint256 length, uint256 depth);
    /// @notice The tree has no such slot.
    error PathIndexOutOfRange(uint256 index, uint256 slots);
    /// @notice The batch has no such leaf.
    error BatchIndexOutOfRange(uint256 index, uint32 size);
    /// @notice Attestations are in stream 0.
    error AnchorStreamWrong(uint8 stream);
    /// @notice The header was made for another chain.
    error HeaderChainWrong(uint64 chainId, uint256 here);
    /// @notice The header was made for another registry.
    error HeaderRegistryWrong(address registry, address here);
    /// @notice The header names another issuer than the member that anchored.
    error HeaderIssuerWrong(bytes32 issuer, bytes32 member);
    /// @notice The header leads to another root than the batch's.
    error BatchRootWrong(bytes32 root, bytes32 anchored);
    /// @notice The registry holds no such batch, or another one under this number.
    error AnchorNotOnRecord(bytes32 member, uint64 number);
    /// @notice The member was not allowed to issue this schema when it anchored.
    error IssuerNotAllowedThen(bytes32 schemaId, bytes32 member, uint64 anchoredAt);
    /// @notice The key that anchored the batch is not to be trusted since then or longer.
    error AnchorKeyCompromised(address key, uint64 compromisedFrom);
    /// @notice The attestation was valid until then.
    error AttestationExpired(uint64 validUntil);
    /// @notice The issuer revoked the attestation at this position.
    error AttestationRevoked(bytes32 member, uint64 position);
    /// @notice A newer attestation took the place of the one at this position.
    error AttestationSuperseded(bytes32 member, uint64 position);
    /// @notice What is shown of the field leads to another root than the header's fieldsRoot.
    error FieldRootWrong(bytes32 root, bytes32 fieldsRoot);
    /// @notice A ladder has 1 to 65,535 thresholds.
    error LadderCountInvalid(uint256 count, uint256 limit);
    /// @notice Positions on a ladder count from 1 to the number of its thresholds.
    error LadderPositionOutOfRange(uint256 position, uint256 count);
    /// @notice A range begins below its end.
    error LadderRangeEmpty(uint256 low, uint256 high);
    /// @notice An enum or a set has 1 to 256 members.
    error BitsCountInvalid(uint256 count, uint256 limit);
    /// @notice Something is shown for every member: a key or a bit.
    error BitsShownWrong(uint256 shown, uint256 count);
    /// @notice The set that is asked about has a member that the enum does not have.
    error BitsAskedUnknown(uint256 asked, uint256 count);
    /// @notice The opened bits are not exactly those outside the set that is asked about.
    error BitsNotComplement(uint256 asked, uint256 opened);
    /// @notice A member is said to be present and missing at once.
    error BitsOpenedTwice(uint256 present, uint256 missing);
    /// @notice The type byte is none of 1 (integer), 2 (date), 3 (text), 4 (code), 5 (bool).
    error PlainTypeUnknown(uint8 typeByte);
    /// @notice No canonical value of this type has this length (or, for a boolean, this byte).
    error PlainValueMalformed(uint8 typeByte, uint256 length);

    /// @notice D, the digest of a header: H(0x03 || its fields in order, each in its fixed width).
    function headerDigest(Header calldata header) external pure returns (bytes32);

    /// @notice The root of the batch of `size` headers that has `digest` at `index`; the leaf is H(0x04 || D), a node
    /// H(0x05 || left || right), the depth ceil(log2 size).
    function batchRoot(bytes32 digest, uint256 index, uint32 size, bytes32[] calldata path)
        external
        pure
        returns (bytes32);

    /// @notice Whether the issuer anchored this header at `index` of this batch, in the registry of this verifier.
    /// @dev Reverts when the header says itself that it does not belong here: another chain, registry, issuer, stream.
    function checkInclusion(
        IAnchorRegistry.Anchor calldata anchor,
        Header calldata header,
        uint256 index,
        bytes32[] calldata path
    ) external view returns (bool);

    /// @notice v >= L_j on a ladder of `count` thresholds.
    /// @param headUp step^(idx-j)(kdf up), from which j steps lead to the upper tip.
    /// @param tipDown The lower tip.
    function checkAtLeast(
        Field calldata field,
        uint16 j,
        uint16 count,
        bytes32 headUp,
        bytes32 tipDown,
        bytes32 fieldsRoot
    ) external pure returns (bool);

    /// @notice v < L_j on a ladder of `count` thresholds.
    /// @param headDown step^((j-1)-idx)(kdf dn), from which count - (j-1) steps lead to the lower tip.
    /// @param tipUp The upper tip.
    function checkBelow(
        Field calldata field,
        uint16 j,
        uint16 count,
        bytes32 headDown,
        bytes32 tipUp,
        bytes32 fieldsRoot
    ) external pure returns (bool);

    /// @notice L_low <= v < L_high on a ladder of `count` thresholds; the heads as in the checks above.
    function checkBetween(
        Field calldata field,
        uint16 low,
        uint16 high,
        uint16 count,
        bytes32 headUp,
        bytes32 headDown,
        bytes32 fieldsRoot
    ) external pure returns (bool);

    /// @notice v is one of the members in `asked` (bit j: member j) of an enum of `count` members.
    /// @param opened The bits that are opened as 0: exactly those outside `asked`.
    /// @param shown For each member in order: the key of its bit if it is in `opened`, else the bit itself.
    function checkBits(
        Field calldata field,
        uint16 count,
        uint256 asked,
        uint256 opened,
        bytes32[] calldata shown,
        bytes32 fieldsRoot
    ) external pure returns (bool);

    /// @notice Of a set of codes of `count` members: every one in `present` (bit j: member j) is set, none in `missing` is.
    /// @param shown For each member in order: the key of its bit if it is in one of the two, else the bit itself.
    function checkCodes(
        Field calldata field,
        uint16 count,
        uint256 present,
        uint256 missing,
        bytes32[] calldata shown,
        bytes32 fieldsRoot
    ) external pure returns (bool);

    /// @notice v is this plain value, in its canonical bytes.
    function checkPlain(Field calldata field, uint8 typeByte, bytes calldata value, bytes32 fieldsRoot)
        external
        pure
        returns (bool);

    /// @notice The field has no value.
    function checkAbsent(Field calldata field, bytes32 fieldsRoot) external pure returns (bool);

    /// @notice v >= L_j on a ladder of `count` thresholds, in an attestation that counts and is live.
    /// @dev The arguments after the slot are those of checkAtLeast; so it is with each settle function and its check.
    /// @return The digest of the header.
    function settleAtLeast(
        Attestation calldata attestation,
        Slot calldata slot,
        uint16 j,
        uint16 count,
        bytes32 headUp,
        bytes32 tipDown
    ) external view returns (bytes32);

    /// @notice v < L_j on a ladder of `count` thresholds, in an attestation that counts and is live.
    /// @return The digest of the header.
    function settleBelow(
        Attestation calldata attestation,
        Slot calldata slot,
        uint16 j,
        uint16 count,
        bytes32 headDown,
        bytes32 tipUp
    ) external view returns (bytes32);

    /// @notice L_low <= v < L_high on a ladder of `count` thresholds, in an attestation that counts and is live.
    /// @return The digest of the header.
    function settleBetween(
        Attestation calldata attestation,
        Slot calldata slot,
        uint16 low,
        uint16 high,
        uint16 count,
        bytes32 headUp,
        bytes32 headDown
    ) external view returns (bytes32);

    /// @notice v is one of the members in `asked`, in an attestation that counts and is live.
    /// @return The digest of the header.
    function settleBits(
        Attestation calldata attestation,
        Slot calldata slot,
        uint16 count,
        uint256 asked,
        uint256 opened,
        bytes32[] calldata shown
    ) external view returns (bytes32);

    /// @notice Every member in `present` is set and none in `missing` is, in an attestation that counts and is live.
    /// @return The digest of the header.
    function settleCodes(
        Attestation calldata attestation,
        Slot calldata slot,
        uint16 count,
        uint256 present,
        uint256 missing,
        bytes32[] calldata shown
    ) external view returns (bytes32);

    /// @notice v is this plain value, in an attestation that counts and is live.
    /// @return The digest of the header.
    function settlePlain(
        Attestation calldata attestation,
        Slot calldata slot,
        uint8 typeByte,
        bytes calldata value
    ) external view returns (bytes32);

    /// @notice The field has no value, in an attestation that counts and is live.
    /// @return The digest of the header.
    function settleAbsent(Attestation calldata attestation, Slot calldata slot)
        external
        view
        returns (bytes32);
}
