// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {ICouncil} from "./interfaces/ICouncil.sol";

/// @title Council
/// @notice See ICouncil for what it promises.
contract Council is ICouncil, EIP712 {
    struct Settings {
        uint32 threshold;
        uint32 recovery;
        uint64 give;
        uint64 change;
        uint64 lastOneTakenAt;
    }

    struct Seat {
        uint64 term;
        uint64 counter;
    }

    struct Vote {
        uint64 term;
        Choice choice;
    }

    struct Proposal {
        State state;
        uint40 openedAt;
        uint40 expiresAt;
        address proposer;
        uint40 decidedAt;
        uint40 secondedAt;
        bytes32 digest;
        Call[] calls;
    }

    uint64 public constant PROPOSAL_LIFETIME = 30 days;
    uint64 public constant RECOVERY_DELAY = 90 days;
    uint64 public constant MAX_DELAY = 30 days;
    uint256 public constant MAX_CALLS = 64;
    uint256 public constant MAX_GOVERNORS = 64;

    bytes32 private constant BALLOT_TYPEHASH =
        keccak256("Ballot(address governor,uint256 number,bytes32 digest,uint8 choice,uint64 counter)");

    Settings private _settings;
    address[] private _governors;
    uint256 private _terms;
    mapping(address governor => Seat) private _seats;
    /// @inheritdoc ICouncil
    uint256 public proposalCount;
    mapping(uint256 number => Proposal) private _proposals;
    mapping(bytes32 digest => mapping(address governor => Vote)) private _votes;
    /// @inheritdoc ICouncil
    mapping(address target => mapping(bytes4 selector => Class)) public classOf;

    modifier onlyGovernor() {
        _requireGovernor(msg.sender);
        _;
    }

    modifier onlySelf() {
        if (msg.sender != address(this)) revert CouncilOnlyItself(msg.sender);
        _;
    }

    /// @dev The rules name contracts that come after this one, at addresses known beforehand.
    constructor(
        address[] memory governors_,
        uint256 threshold_,
        uint256 recovery_,
        Delays memory delays_,
        Rule[] memory rules
    ) EIP712("Credence", "1") {
        for (uint256 i = 0; i < governors_.length; ++i) {
            _addGovernor(governors_[i]);
        }
        _setThreshold(threshold_, recovery_);
        _setDelays(delays_.give, delays_.change);
        for (uint256 i = 0; i < rules.length; ++i) {
            _setRule(rules[i].target, rules[i].selector, rules[i].class);
        }
    }

    /// @inheritdoc ICouncil
    function propose(Call[] calldata calls_) external onlyGovernor returns (uint256 number) {
        number = _propose(calls_);
    }

    /// @inheritdoc ICouncil
    function approve(uint256 number, bytes32 digest, uint64 counter) external onlyGovernor {
        _requireCounter(msg.sender, counter);
        _approve(_requireOpen(number), number, digest, msg.sender);
    }

    /// @inheritdoc ICouncil
    function disapprove(uint256 number) external onlyGovernor {
        _disapprove(_requireOpen(number), number, msg.sender);
    }

    /// @inheritdoc ICouncil
    function cancel(uint256 number) external onlyGovernor {
        _cancel(_requireOpen(number), number, msg.sender);
    }

    /// @inheritdoc ICouncil
    function cast(Ballot calldata ballot, bytes calldata signature) external {
        address signer = ECDSA.recoverCalldata(ballotDigest(ballot), signature);
        if (signer != ballot.governor) revert GovernorUnknown(signer);
        _requireGovernor(signer);
        _requireCounter(signer, ballot.counter);
        Proposal storage p = _requireOpen(ballot.number);
        if (p.digest != ballot.digest) revert ProposalDigestWrong(ballot.number, ballot.digest, p.digest);

        if (ballot.choice == Choice.Approve) _approve(p, ballot.number, ballot.digest, signer);
        else if (ballot.choice == Choice.Cancel) _cancel(p, ballot.number, signer);
        else _disapprove(p, ballot.number, signer);
    }

    /// @inheritdoc ICouncil
    function execute(uint256 number) external onlyGovernor {
        _execute(number);
    }

    /// @inheritdoc ICouncil
    function proposeAndExecute(Call[] calldata calls_) external onlyGovernor returns (uint256 number) {
        number = _propose(calls_);
        _execute(number);
    }

    /// @inheritdoc ICouncil
    function addGovernor(address governor) external onlySelf {
        _addGovernor(governor);
    }

    /// @inheritdoc ICouncil
    function removeGovernor(address governor) external onlySelf {
        _removeGovernor(governor);
    }

    /// @inheritdoc ICouncil
    function setThreshold(uint256 threshold_, uint256 recovery_) external onlySelf {
        _setThreshold(threshold_, recovery_);
    }

    /// @inheritdoc ICouncil
    function setDelays(uint64 give, uint64 change) external onlySelf {
        _setDelays(give, change);
    }

    /// @inheritdoc ICouncil
    function setRule(address target, bytes4 selector, Class class) external onlySelf {
        _setRule(target, selector, class);
    }

    /// @inheritdoc ICouncil
    function threshold() external view returns (uint256) {
        return _settings.threshold;
    }

    /// @inheritdoc ICouncil
    function recoveryQuorum() external view returns (uint256) {
        return _settings.recovery;
    }

    /// @inheritdoc ICouncil
    function delays() external view returns (uint64 give, uint64 change) {
        return (_settings.give, _settings.change);
    }

    /// @inheritdoc ICouncil
    function waitOf(Call[] calldata calls_) external view returns (uint64 wait) {
        (wait,) = _waitOf(calls_);
    }

    /// @inheritdoc ICouncil
    function readyAt(uint256 number) external view returns (uint64 ready) {
        Proposal storage p = _proposals[number];
        Call[] memory list = p.calls;
        (uint64 wait,) = _waitOf(list);
        return _readyAt(p, _count(p.digest, Choice.Approve), wait, _isOwn(list));
    }

    /// @inheritdoc ICouncil
    function governors() external view returns (address[] memory) {
        return _governors;
    }

    /// @inheritdoc ICouncil
    function isGovernor(address account) external view returns (bool) {
        return _seats[account].term != 0;
    }

    /// @inheritdoc ICouncil
    function counterOf(address governor) external view returns (uint64) {
        return _seats[governor].counter;
    }

    /// @inheritdoc ICouncil
    function proposal(uint256 number)
        external
        view
        returns (
            State state,
            uint64 openedAt,
            uint64 expiresAt,
            address proposer,
            bytes32 digest,
            uint256 approvals,
            uint256 opposed
        )
    {
        Proposal storage p = _proposals[number];
        (state, openedAt, expiresAt, proposer, digest) =
        (p.state, p.openedAt, p.expiresAt, p.proposer, p.digest);
        approvals = _count(digest, Choice.Approve);
        opposed = _count(digest, Choice.Cancel);
    }

    /// @inheritdoc ICouncil
    function calls(uint256 number) external view returns (Call[] memory) {
        return _proposals[number].calls;
    }

    /// @inheritdoc ICouncil
    function voteOf(uint256 number, address governor) external view returns (Choice) {
        return _voteOf(_proposals[number].digest, governor);
    }

    /// @inheritdoc ICouncil
    function callsDigest(uint256 number, Call[] calldata calls_) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), number, calls_));
    }

    /// @inheritdoc ICouncil
    function ballotDigest(Ballot calldata ballot) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(BALLOT_TYPEHASH, ballot)));
    }

    function _propose(Call[] calldata calls_) private returns (uint256 number) {
        if (calls_.length == 0 || calls_.length > MAX_CALLS) revert ProposalCallCountInvalid(calls_.length);

        number = ++proposalCount;
        Proposal storage p = _proposals[number];
        bytes32 digest = callsDigest(number, calls_);
        p.state = State.Open;
        p.openedAt = uint40(block.timestamp);
        p.expiresAt = uint40(block.timestamp + PROPOSAL_LIFETIME + _longestWait(calls_));
        p.proposer = msg.sender;
        p.digest = digest;
        for (uint256 i = 0; i < calls_.length; ++i) {
            p.calls.push(calls_[i]);
        }

        emit ProposalOpened(number, msg.sender, digest, p.openedAt, p.expiresAt, calls_);

        _approve(p, number, digest, msg.sender);
    }

    /// @dev One approval is added, so what is reached now was not reached before, or was never seen to be.
    function _approve(Proposal storage p, uint256 number, bytes32 digest, address governor) private {
        if (p.digest != digest) revert ProposalDigestWrong(number, digest, p.digest);
        if (_voteOf(digest, governor) == Choice.Approve) revert ProposalAlreadyApproved(number, governor);
        uint256 approvals = _count(digest, Choice.Approve) + 1;
        (uint256 threshold_, uint256 recovery_) = (_settings.threshold, _settings.recovery);

        _votes[digest][governor] = Vote(_seats[governor].term, Choice.Approve);

        emit ProposalApproved(number, governor, digest);

        if (approvals == threshold_ || (approvals > threshold_ && p.decidedAt == 0)) {
            p.decidedAt = uint40(block.timestamp);
            emit ProposalDecided(number, p.decidedAt);
        }
        if (recovery_ != 0 && (approvals == recovery_ || (approvals > recovery_ && p.secondedAt == 0))) {
            p.secondedAt = uint40(block.timestamp);
            emit ProposalSeconded(number, p.secondedAt);
        }
    }

    function _disapprove(Proposal storage p, uint256 number, address governor) private {
        bytes32 digest = p.digest;
        if (_voteOf(digest, governor) == Choice.None) revert ProposalNotVoted(number, governor);

        delete _votes[digest][governor];
        uint64 counter = ++_seats[governor].counter;

        emit ProposalDisapproved(number, governor, digest, counter);
    }

    function _cancel(Proposal storage p, uint256 number, address governor) private {
        bytes32 digest = p.digest;
        if (_voteOf(digest, governor) == Choice.Cancel) revert ProposalAlreadyOpposed(number, governor);

        _votes[digest][governor] = Vote(_seats[governor].term, Choice.Cancel);
        uint64 counter = ++_seats[governor].counter;

        emit ProposalOpposed(number, governor, digest, counter);

        if (_count(digest, Choice.Cancel) >= _blocking()) {
            p.state = State.Cancelled;
            emit ProposalCancelled(number, governor);
        }
    }

    function _execute(uint256 number) private {
        Proposal storage p = _requireOpen(number);
        Call[] memory list = p.calls;
        (uint64 wait, bool takesOne) = _waitOf(list);
        _requireReady(p, number, wait, _isOwn(list));

        // before the calls, so that none of them can execute it a second time
        p.state = State.Executed;
        if (takesOne) _settings.lastOneTakenAt = uint64(block.timestamp);

        emit ProposalExecuted(number, msg.sender);
        if (takesOne) emit OneTaken(uint64(block.timestamp));

        for (uint256 i = 0; i < list.length; ++i) {
            address target = list[i].target;
            if (target.code.length == 0) revert CouncilTargetWithoutCode(i, target);
            (bool ok, bytes memory data) = target.call(list[i].data);
            if (!ok) revert CouncilCallFailed(i, data);
        }
    }

    function _addGovernor(address governor) private {
        if (governor == address(0) || governor == address(this)) revert GovernorInvalid(governor);
        Seat storage seat = _seats[governor];
        if (seat.term != 0) revert GovernorExists(governor);
        if (_governors.length == MAX_GOVERNORS) revert GovernorLimitReached(MAX_GOVERNORS);

        seat.term = uint64(++_terms);
        ++seat.counter;
        _governors.push(governor);

        emit GovernorAdded(governor, seat.term, seat.counter);
    }

    function _removeGovernor(address governor) private {
        _requireGovernor(governor);
        uint256 last = _governors.length - 1;
        _requireThreshold(_settings.threshold, _settings.recovery, last);

        _seats[governor].term = 0;
        for (uint256 i = 0; i < last; ++i) {
            if (_governors[i] == governor) {
                _governors[i] = _governors[last];
                break;
            }
        }
        _governors.pop();

        emit GovernorRemoved(governor);
    }

    function _setThreshold(uint256 threshold_, uint256 recovery_) private {
        _requireThreshold(threshold_, recovery_, _governors.length);

        _settings.threshold = uint32(threshold_);
        _settings.recovery = uint32(recovery_);

        emit ThresholdChanged(threshold_, recovery_);
    }

    function _setDelays(uint64 give, uint64 change) private {
        if (give > MAX_DELAY) revert CouncilDelayTooLong(give, MAX_DELAY);
        if (change > MAX_DELAY) revert CouncilDelayTooLong(change, MAX_DELAY);

        _settings.give = give;
        _settings.change = change;

        emit DelaysChanged(give, change);
    }

    function _setRule(address target, bytes4 selector, Class class) private {
        if (target == address(this)) revert CouncilRuleInvalid(target, selector);

        classOf[target][selector] = class;

        emit RuleChanged(target, selector, class);
    }

    /// @dev The wait of the slowest call, and whether one of them is of class TakeOne.
    function _waitOf(Call[] memory list) private view returns (uint64 wait, bool takesOne) {
        for (uint256 i = 0; i < list.length; ++i) {
            Class class = _classOf(list[i].target, list[i].data);
            uint64 own = _waitOfOne(class, list[i].data, takesOne);
            if (own > wait) wait = own;
            if (class == Class.TakeOne) takesOne = true;
        }
    }

    function _classOf(address target, bytes memory data) private view returns (Class) {
        if (target == address(this)) return Class.Change;
        if (data.length < 4) return Class.Unknown;
        return classOf[target][bytes4(data)];
    }

    function _waitOfOne(Class class, bytes memory data, bool oneTaken) private view returns (uint64) {
        Settings memory s = _settings;
        if (class == Class.Give) return s.give;
        if (class == Class.Change) return s.change;
        if (class == Class.Take) return 0;
        if (class == Class.TakeOne) {
            bool second = oneTaken || (s.lastOneTakenAt != 0 && block.timestamp < s.lastOneTakenAt + s.give);
            return second ? s.give : 0;
        }
        if (class == Class.TakeForward) {
            uint256 from = _argument(data, 1);
            return from == 0 || from >= block.timestamp ? 0 : s.give;
        }
        if (class == Class.TakeIfTrue) return _argument(data, 0) == 1 ? 0 : s.give;
        return s.give > s.change ? s.give : s.change;
    }

    /// @dev A word of the arguments; 2 where the data is too short, which neither class takes for harmless.
    function _argument(bytes memory data, uint256 index) private pure returns (uint256 value) {
        uint256 offset = 4 + 32 * index;
        if (data.length < offset + 32) return 2;
        assembly ("memory-safe") {
            value := mload(add(add(data, 32), offset))
        }
    }

    /// @dev The longest that a proposal of these calls may have to wait, whatever the rules become meanwhile.
    function _longestWait(Call[] memory list) private view returns (uint64) {
        Settings memory s = _settings;
        if (s.recovery != 0 && _isOwn(list)) return RECOVERY_DELAY;
        return s.give > s.change ? s.give : s.change;
    }

    function _isOwn(Call[] memory list) private view returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i].target != address(this)) return false;
        }
        return true;
    }

    /// @dev Zero: neither decided nor, for calls of the council to itself, seconded.
    function _readyAt(Proposal storage p, uint256 approvals, uint64 wait, bool own)
        private
        view
        returns (uint64 ready)
    {
        Settings memory s = _settings;
        if (approvals >= s.threshold && p.decidedAt != 0) ready = p.decidedAt + wait;
        if (own && s.recovery != 0 && approvals >= s.recovery && p.secondedAt != 0) {
            uint64 recovered = p.secondedAt + RECOVERY_DELAY;
            if (ready == 0 || recovered < ready) ready = recovered;
        }
    }

    function _requireReady(Proposal storage p, uint256 number, uint64 wait, bool own) private view {
        bytes32 digest = p.digest;
        (uint256 opposed, uint256 blocking) = (_count(digest, Choice.Cancel), _blocking());
        if (opposed >= blocking) revert ProposalBlocked(number, opposed, blocking);
        uint256 approvals = _count(digest, Choice.Approve);
        uint64 ready = _readyAt(p, approvals, wait, own);
        if (ready == 0) revert ProposalLacksApprovals(number, approvals, _settings.threshold);
        if (block.timestamp < ready) revert ProposalEarly(number, ready);
    }

    function _requireOpen(uint256 number) private view returns (Proposal storage p) {
        p = _proposals[number];
        if (p.state == State.None) revert ProposalUnknown(number);
        if (p.state != State.Open) revert ProposalNotOpen(number, p.state);
        if (block.timestamp > p.expiresAt) revert ProposalExpired(number, p.expiresAt);
    }

    function _requireGovernor(address account) private view {
        if (_seats[account].term == 0) revert GovernorUnknown(account);
    }

    function _requireCounter(address governor, uint64 given) private view {
        uint64 counter = _seats[governor].counter;
        if (given != counter) revert GovernorCounterWrong(governor, given, counter);
    }

    function _requireThreshold(uint256 threshold_, uint256 recovery_, uint256 count) private pure {
        if (threshold_ == 0 || threshold_ > count || recovery_ >= threshold_) {
            revert CouncilThresholdInvalid(threshold_, recovery_, count);
        }
        if (threshold_ == count && count > 1 && recovery_ == 0) {
            revert CouncilUnanimityWithoutRecovery(count);
        }
    }

    /// @dev So many governors can always keep a proposal from being decided.
    function _blocking() private view returns (uint256) {
        return _governors.length - _settings.threshold + 1;
    }

    function _voteOf(bytes32 digest, address governor) private view returns (Choice) {
        uint64 term = _seats[governor].term;
        Vote storage vote = _votes[digest][governor];
        return term != 0 && vote.term == term ? vote.choice : Choice.None;
    }

    function _count(bytes32 digest, Choice choice) private view returns (uint256 count) {
        for (uint256 i = 0; i < _governors.length; ++i) {
            if (_voteOf(digest, _governors[i]) == choice) ++count;
        }
    }
}
