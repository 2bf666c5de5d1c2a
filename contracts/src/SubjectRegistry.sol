// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {CouncilOwned} from "./CouncilOwned.sol";
import {IMemberRegistry, KeyPurpose, Role} from "./interfaces/IMemberRegistry.sol";
import {ISubjectRegistry} from "./interfaces/ISubjectRegistry.sol";
import {ControllerSet} from "./libraries/ControllerSet.sol";

/// @title SubjectRegistry
/// @notice See ISubjectRegistry for what it promises.
contract SubjectRegistry is ISubjectRegistry, CouncilOwned, EIP712 {
    /// @notice How long controllers have to cancel a recovery at least.
    uint64 public constant RECOVERY_DELAY = 72 hours;
    /// @notice A cancellation doubles the wait so often at most: 72 hours, 6 days, 12 days.
    uint8 public constant MAX_DOUBLINGS = 2;
    /// @notice How long a recovery that could be completed stays pending.
    uint64 public constant RECOVERY_LAPSE = 30 days;
    /// @notice So long a cancellation makes the next one take the threshold, and the wait longer.
    uint64 public constant CANCELLATION_MEMORY = 365 days;
    /// @notice How long a hold holds; longer than any wait.
    uint64 public constant HOLD_TIME = 14 days;
    /// @notice The time from one hold to the next of the same kind.
    uint64 public constant HOLD_INTERVAL = 60 days;

    bytes32 private constant SUBJECT_TAG = keccak256("credence-subject/v2");
    bytes32 private constant ROTATION_TYPEHASH = keccak256(
        "ControllerRotation(bytes32 subject,uint64 entry,bytes32 commitment,bytes32 textDigest,uint64 deadline,string statement)"
    );
    bytes32 private constant CANCELLATION_TYPEHASH = keccak256(
        "RecoveryCancellation(bytes32 subject,uint64 number,bytes32 commitment,uint64 deadline,string statement)"
    );
    bytes32 private constant HOLD_TYPEHASH =
        keccak256("SubjectHold(bytes32 subject,uint64 number,uint64 deadline,string statement)");
    bytes32 private constant ROTATION_STATEMENT = keccak256(
        unicode"I hand control of this subject to new controllers. 我将本主体的控制权交给新的控制人。"
    );
    bytes32 private constant CANCELLATION_STATEMENT = keccak256(
        unicode"I still control this subject; cancel this recovery. 我仍控制本主体，请取消本次控制权恢复。"
    );
    bytes32 private constant HOLD_STATEMENT =
        keccak256(unicode"Hold this subject for 14 days. 请将本主体冻结十四天。");

    /// @notice Who the members are and which keys are theirs.
    IMemberRegistry public immutable MEMBERS;

    mapping(bytes32 subjectId => Entry[]) private _entries;
    mapping(bytes32 subjectId => Recovery) private _recoveries;
    mapping(bytes32 subjectId => Standing) private _standings;
    mapping(bytes32 subjectId => Hold[]) private _holds;
    mapping(bytes32 subjectId => bytes32 registrar) private _named;

    constructor(IMemberRegistry members, address council) CouncilOwned(council) EIP712("Credence", "1") {
        MEMBERS = members;
    }

    /// @inheritdoc ISubjectRegistry
    function register(bytes32 commitment, bytes32 salt) external returns (bytes32 subjectId) {
        bytes32 registrar = MEMBERS.actorOf(msg.sender, Role.REGISTRAR, KeyPurpose.REGISTER);
        subjectId = subjectIdOf(registrar, commitment, salt);
        if (_entries[subjectId].length != 0) revert SubjectExists(subjectId);
        if (commitment == 0) revert SubjectCommitmentZero(subjectId);

        _append(subjectId, commitment, registrar, msg.sender, Kind.Registered, 0);

        emit SubjectRegistered(subjectId, registrar, msg.sender, commitment, salt, uint64(block.timestamp));
    }

    /// @inheritdoc ISubjectRegistry
    function rotate(
        bytes32 subjectId,
        uint64 entry_,
        bytes32 commitment,
        bytes32 textDigest,
        uint64 deadline,
        Controllers calldata controllers,
        ControllerSignature[] calldata signatures
    ) external {
        MEMBERS.requireNotFrozen();
        _requireNumber(subjectId, entry_, _requireCount(subjectId));
        uint64 until = heldUntil(subjectId);
        if (block.timestamp < until) revert SubjectOnHold(subjectId, until);
        _requireOther(subjectId, commitment);
        uint256 root = _requireControllers(
            subjectId,
            keccak256(
                abi.encode(
                    ROTATION_TYPEHASH, subjectId, entry_, commitment, textDigest, deadline, ROTATION_STATEMENT
                )
            ),
            deadline,
            controllers,
            signatures,
            controllers.threshold
        );

        if (isRecoveryPending(subjectId)) _cancel(subjectId);
        _append(subjectId, commitment, 0, address(0), Kind.Rotated, root);

        emit SubjectRotated(
            subjectId,
            entry_,
            MEMBERS.memberOf(msg.sender),
            msg.sender,
            commitment,
            uint64(root),
            uint64(block.timestamp)
        );
    }

    /// @inheritdoc ISubjectRegistry
    function requestRecovery(bytes32 subjectId, uint64 number, uint64 entry_, bytes32 commitment) external {
        bytes32 registrar = _requireRegistrar(subjectId);
        Recovery storage r = _recoveries[subjectId];
        if (isRecoveryPending(subjectId)) revert SubjectRecoveryPending(subjectId, r.number);
        _requireNumber(subjectId, number, uint64(r.number) + 1);
        _requireNumber(subjectId, entry_, _requireCount(subjectId));
        _requireOther(subjectId, commitment);

        uint64 completableAt = uint64(block.timestamp) + _wait(_standings[subjectId]);
        r.commitment = commitment;
        r.registrar = registrar;
        r.key = msg.sender;
        r.number = uint32(number);
        r.completableAt = uint40(completableAt);

        emit SubjectRecoveryRequested(subjectId, number, registrar, msg.sender, commitment, completableAt);
    }

    /// @inheritdoc ISubjectRegistry
    function cancelRecovery(
        bytes32 subjectId,
        uint64 number,
        uint64 deadline,
        Controllers calldata controllers,
        ControllerSignature[] calldata signatures
    ) external {
        MEMBERS.requireNotFrozen();
        bytes32 commitment = _requirePending(subjectId, number).commitment;
        bytes32 structHash = keccak256(
            abi.encode(CANCELLATION_TYPEHASH, subjectId, number, commitment, deadline, CANCELLATION_STATEMENT)
        );
        uint256 needed = _neededToCancel(_standings[subjectId], controllers.threshold);
        _requireControllers(subjectId, structHash, deadline, controllers, signatures, needed);

        _cancel(subjectId);
    }

    /// @inheritdoc ISubjectRegistry
    function abandonRecovery(bytes32 subjectId, uint64 number) external {
        bytes32 registrar = _requireRegistrar(subjectId);
        Recovery storage r = _requirePending(subjectId, number);

        r.commitment = 0;

        emit SubjectRecoveryAbandoned(subjectId, number, registrar, msg.sender);
    }

    /// @inheritdoc ISubjectRegistry
    function completeRecovery(bytes32 subjectId, uint64 number) external {
        bytes32 registrar = _requireRegistrar(subjectId);
        Recovery storage r = _requirePending(subjectId, number);
        if (block.timestamp < r.completableAt) revert SubjectRecoveryEarly(subjectId, r.completableAt);
        (bool found, uint256 link,) = _current(subjectId);
        if (!found) link = 0;
        uint64 entry_ = uint64(_entries[subjectId].length);

        _append(subjectId, r.commitment, r.registrar, r.key, Kind.Recovered, link);
        r.commitment = 0;
        delete _standings[subjectId];

        emit SubjectRecovered(
            subjectId, number, registrar, msg.sender, entry_, uint64(link), uint64(block.timestamp)
        );
    }

    /// @inheritdoc ISubjectRegistry
    function hold(
        bytes32 subjectId,
        uint64 number,
        uint64 deadline,
        Controllers calldata controllers,
        ControllerSignature calldata signature
    ) external {
        MEMBERS.requireNotFrozen();
        bytes32 structHash = keccak256(abi.encode(HOLD_TYPEHASH, subjectId, number, deadline, HOLD_STATEMENT));
        _requireController(subjectId, structHash, deadline, controllers, signature);
        Standing storage s = _standings[subjectId];
        _requireHold(subjectId, number, s.controllerHeldAt);

        s.controllerHeldAt = uint40(block.timestamp);
        _hold(subjectId, number, MEMBERS.memberOf(msg.sender), false);
    }

    /// @inheritdoc ISubjectRegistry
    function holdByRegistrar(bytes32 subjectId, uint64 number) external {
        bytes32 registrar = _requireRegistrar(subjectId);
        Standing storage s = _standings[subjectId];
        _requireHold(subjectId, number, s.registrarHeldAt);

        s.registrarHeldAt = uint40(block.timestamp);
        _hold(subjectId, number, registrar, true);
    }

    /// @inheritdoc ISubjectRegistry
    function nameRegistrar(bytes32 subjectId, bytes32 registrar) external onlyOwner {
        _requireCount(subjectId);
        if (registrar != 0 && MEMBERS.member(registrar).roles & Role.REGISTRAR == 0) {
            revert SubjectRegistrarInvalid(registrar);
        }

        _named[subjectId] = registrar;

        emit SubjectRegistrarNamed(subjectId, registrar);
    }

    /// @inheritdoc ISubjectRegistry
    function count(bytes32 subjectId) external view returns (uint256) {
        return _entries[subjectId].length;
    }

    /// @inheritdoc ISubjectRegistry
    function entry(bytes32 subjectId, uint256 index) external view returns (Entry memory) {
        _requireEntry(subjectId, index);
        return _entries[subjectId][index];
    }

    /// @inheritdoc ISubjectRegistry
    function counts(bytes32 subjectId, uint256 index) external view returns (bool) {
        _requireEntry(subjectId, index);
        Entry[] storage entries = _entries[subjectId];
        return _rootCounts(entries[_rootOf(entries, index)]);
    }

    /// @inheritdoc ISubjectRegistry
    function current(bytes32 subjectId) external view returns (uint256 index, Entry memory) {
        _requireCount(subjectId);
        (bool found, uint256 last,) = _current(subjectId);
        if (!found) revert SubjectNoneCounts(subjectId);
        return (last, _entries[subjectId][last]);
    }

    /// @inheritdoc ISubjectRegistry
    function recovery(bytes32 subjectId) external view returns (Recovery memory) {
        return _recoveries[subjectId];
    }

    /// @inheritdoc ISubjectRegistry
    function standing(bytes32 subjectId) external view returns (Standing memory) {
        return _standings[subjectId];
    }

    /// @inheritdoc ISubjectRegistry
    function holdCount(bytes32 subjectId) external view returns (uint256) {
        return _holds[subjectId].length;
    }

    /// @inheritdoc ISubjectRegistry
    function holdOf(bytes32 subjectId, uint64 number) external view returns (Hold memory) {
        Hold[] storage holds = _holds[subjectId];
        if (number == 0 || number > holds.length) revert SubjectHoldUnknown(subjectId, number);
        return holds[number - 1];
    }

    /// @inheritdoc ISubjectRegistry
    function commitmentOf(Controllers calldata controllers) external pure returns (bytes32 commitment) {
        (commitment,) = ControllerSet.open(controllers);
    }

    /// @inheritdoc ISubjectRegistry
    function isRecoveryPending(bytes32 subjectId) public view returns (bool) {
        Recovery storage r = _recoveries[subjectId];
        return r.commitment != 0 && block.timestamp < uint256(r.completableAt) + RECOVERY_LAPSE
            && _isTrusted(r.registrar, r.key, block.timestamp);
    }

    /// @inheritdoc ISubjectRegistry
    function heldUntil(bytes32 subjectId) public view returns (uint64) {
        Standing storage s = _standings[subjectId];
        uint64 from = s.controllerHeldAt > s.registrarHeldAt ? s.controllerHeldAt : s.registrarHeldAt;
        return from == 0 ? 0 : from + HOLD_TIME;
    }

    /// @inheritdoc ISubjectRegistry
    function registrarOf(bytes32 subjectId) public view returns (bytes32) {
        _requireCount(subjectId);
        bytes32 named = _named[subjectId];
        if (named != 0) return named;
        (,, uint256 root) = _current(subjectId);
        return _entries[subjectId][root].registrar;
    }

    /// @inheritdoc ISubjectRegistry
    function subjectIdOf(bytes32 registrar, bytes32 commitment, bytes32 salt) public view returns (bytes32) {
        return keccak256(abi.encode(SUBJECT_TAG, block.chainid, address(this), registrar, commitment, salt));
    }

    function _append(
        bytes32 subjectId,
        bytes32 commitment,
        bytes32 registrar,
        address key,
        Kind kind,
        uint256 link
    ) private {
        _entries[subjectId].push(
            Entry(commitment, key, uint40(block.timestamp), kind, uint32(link), registrar)
        );
    }

    /// @dev A year after the last cancellation they count from one again.
    function _cancel(bytes32 subjectId) private {
        Standing storage s = _standings[subjectId];
        uint8 cancellations = _remembers(s) ? s.cancellations : 0;
        if (cancellations < type(uint8).max) ++cancellations;
        Recovery storage r = _recoveries[subjectId];

        r.commitment = 0;
        s.cancelledAt = uint40(block.timestamp);
        s.cancellations = cancellations;

        emit SubjectRecoveryCancelled(
            subjectId,
            r.number,
            MEMBERS.memberOf(msg.sender),
            msg.sender,
            cancellations,
            uint64(block.timestamp)
        );
    }

    function _hold(bytes32 subjectId, uint64 number, bytes32 sender, bool byRegistrar) private {
        _holds[subjectId].push(Hold(uint40(block.timestamp), byRegistrar));

        emit SubjectHeld(subjectId, number, sender, msg.sender, byRegistrar, uint64(block.timestamp));
    }

    /// @dev The subject's registrar or its successor sends this, by a key for it.
    function _requireRegistrar(bytes32 subjectId) private view returns (bytes32 actor) {
        actor = MEMBERS.actorOf(msg.sender, Role.REGISTRAR, KeyPurpose.REGISTER);
        bytes32 registrar = registrarOf(subjectId);
        if (actor != registrar && !MEMBERS.isSuccessor(actor, registrar)) {
            revert SubjectRegistrarForeign(subjectId, actor, registrar);
        }
    }

    /// @dev The controllers shown are those in force, and so many of them signed in time. Returns the root of their entry.
    function _requireControllers(
        bytes32 subjectId,
        bytes32 structHash,
        uint64 deadline,
        Controllers calldata controllers,
        ControllerSignature[] calldata signatures,
        uint256 needed
    ) private view returns (uint256 root) {
        uint256[] memory starts;
        (root, starts) = _requireInForce(subjectId, deadline, controllers);
        ControllerSet.requireSigned(controllers, starts, _hashTypedDataV4(structHash), signatures, needed);
    }

    function _requireController(
        bytes32 subjectId,
        bytes32 structHash,
        uint64 deadline,
        Controllers calldata controllers,
        ControllerSignature calldata signature
    ) private view {
        (, uint256[] memory starts) = _requireInForce(subjectId, deadline, controllers);
        ControllerSet.requireSignature(controllers, starts, _hashTypedDataV4(structHash), signature);
    }

    function _requireInForce(bytes32 subjectId, uint64 deadline, Controllers calldata controllers)
        private
        view
        returns (uint256 root, uint256[] memory starts)
    {
        if (block.timestamp > deadline) revert SubjectSignatureLate(subjectId, deadline);
        bool found;
        uint256 last;
        _requireCount(subjectId);
        (found, last, root) = _current(subjectId);
        if (!found) revert SubjectNoneCounts(subjectId);
        bytes32 shown;
        (shown, starts) = ControllerSet.open(controllers);
        bytes32 inForce = _entries[subjectId][last].commitment;
        if (shown != inForce) revert SubjectControllersWrong(subjectId, shown, inForce);
    }

    function _requireOther(bytes32 subjectId, bytes32 commitment) private view {
        if (commitment == 0) revert SubjectCommitmentZero(subjectId);
        (bool found, uint256 last,) = _current(subjectId);
        if (found && _entries[subjectId][last].commitment == commitment) {
            revert SubjectCommitmentCurrent(subjectId);
        }
    }

    function _requireHold(bytes32 subjectId, uint64 number, uint64 lastHeldAt) private view {
        _requireNumber(subjectId, number, _holds[subjectId].length + 1);
        if (lastHeldAt != 0 && block.timestamp < lastHeldAt + HOLD_INTERVAL) {
            revert SubjectHoldTooSoon(subjectId, lastHeldAt + HOLD_INTERVAL);
        }
    }

    function _requirePending(bytes32 subjectId, uint64 number) private view returns (Recovery storage r) {
        r = _recoveries[subjectId];
        if (r.number != number || !isRecoveryPending(subjectId)) {
            revert SubjectRecoveryNotPending(subjectId, number);
        }
    }

    function _requireCount(bytes32 subjectId) private view returns (uint256 length) {
        length = _entries[subjectId].length;
        if (length == 0) revert SubjectUnknown(subjectId);
    }

    function _requireEntry(bytes32 subjectId, uint256 index) private view {
        if (index >= _entries[subjectId].length) revert SubjectEntryUnknown(subjectId, index);
    }

    /// @dev The last entry that counts, and its root. From an entry that does not count, the way back is to what was in force
    /// before its root, so one step a recovery and none a rotation. If none counts, both are entry 0.
    function _current(bytes32 subjectId) private view returns (bool found, uint256 index, uint256 root) {
        Entry[] storage entries = _entries[subjectId];
        index = entries.length - 1;
        while (true) {
            root = _rootOf(entries, index);
            Entry storage e = entries[root];
            if (_rootCounts(e)) return (true, index, root);
            if (e.kind == Kind.Registered) return (false, 0, 0);
            index = e.link;
        }
    }

    function _rootOf(Entry[] storage entries, uint256 index) private view returns (uint256) {
        Entry storage e = entries[index];
        return e.kind == Kind.Rotated ? e.link : index;
    }

    function _rootCounts(Entry storage root) private view returns (bool) {
        return _isTrusted(root.registrar, root.key, root.since);
    }

    /// @dev The key was valid when it acted; this is whether what is known of it today lets that stand.
    function _isTrusted(bytes32 member, address key, uint256 time) private view returns (bool) {
        uint64 compromisedFrom = MEMBERS.keyRecord(member, key).compromisedFrom;
        return compromisedFrom == 0 || time < compromisedFrom;
    }

    function _remembers(Standing storage s) private view returns (bool) {
        return s.cancelledAt != 0 && block.timestamp < s.cancelledAt + CANCELLATION_MEMORY;
    }

    function _wait(Standing storage s) private view returns (uint64) {
        if (!_remembers(s)) return RECOVERY_DELAY;
        return RECOVERY_DELAY << (s.cancellations < MAX_DOUBLINGS ? s.cancellations : MAX_DOUBLINGS);
    }

    /// @dev How many persons cancel a recovery. Who holds a subject says that a key of it is in the wrong hands, so that no
    /// single person decides then.
    function _neededToCancel(Standing storage s, uint256 threshold) private view returns (uint256) {
        if (_isRecent(s.controllerHeldAt)) return threshold < 2 ? 2 : threshold;
        return _isRecent(s.registrarHeldAt) || _remembers(s) ? threshold : 1;
    }

    function _isRecent(uint64 heldAt) private view returns (bool) {
        return heldAt != 0 && block.timestamp < heldAt + HOLD_TIME;
    }

    function _requireNumber(bytes32 subjectId, uint64 number, uint256 next) private pure {
        if (number != next) revert SubjectNumberWrong(subjectId, number, uint64(next));
    }
}
